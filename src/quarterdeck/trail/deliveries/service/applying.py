"""One consumer applies records, as its own identity."""

from collections.abc import Sequence

from quarterdeck.kernel.work import Work
from quarterdeck.trail.deliveries.model import Batch, ConsumerMayNot
from quarterdeck.trail.deliveries.ports import READS, Consumer


def apply(consumer: Consumer, work: Work, batches: Sequence[Batch]) -> None:
    """Have the consumer apply ``batches`` in the transaction of ``work``.

    Raises:
        ConsumerMayNot: its identity may not read one of the logs.
    """
    for batch in batches:
        if not work.actor.may(READS, batch.log):
            raise ConsumerMayNot(
                f"{consumer.name} acts as {work.actor.id}, who lacks {READS} on {batch.log}"
            )
        consumer.apply(work, batch)
