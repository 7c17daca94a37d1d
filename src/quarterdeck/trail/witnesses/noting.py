"""The day's checkpoints, sent to somebody who keeps them: a witness without a program."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from quarterdeck.events.trail import CheckpointsNoted
from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.jobs.kind import JobKind
from quarterdeck.kernel.jobs.run import Run
from quarterdeck.kernel.schedules import Schedule
from quarterdeck.kernel.work import Work
from quarterdeck.trail.log.ports import Reader

NOTING = Schedule(
    name="trail-checkpoints-noted",
    kind="trail-checkpoints-noted",
    tenant=PLATFORM,
    every=timedelta(days=1),
)
MOST_BYTES = 50_000
"""Of the notes in one mail: more would be cut."""


def noting_kind(reader: Reader, to: str) -> JobKind:
    """The kind that ``NOTING`` runs; ``to`` is a mail address, empty: nobody keeps them."""

    def run(run: Run) -> None:
        if to:
            with run.work() as work:
                note_checkpoints(work, reader, to, run.job.id)

    return JobKind(name=NOTING.kind, run=run)


def note_checkpoints(work: Work, reader: Reader, to: str, run: str) -> None:
    """Have the newest checkpoint of every log be sent, as it was published; once for a ``run``."""
    day = work.now.date().isoformat()
    for part, some in enumerate(_parts(list(_notes(reader))), start=1):
        work.publish(
            CheckpointsNoted(
                tenant=PLATFORM,
                day=day,
                run=run,
                part=part,
                to=to,
                logs=len(some),
                notes="\n".join(some),
            )
        )


def _notes(reader: Reader) -> Iterator[str]:
    for log in sorted(reader.sizes()):
        try:
            checkpoint = reader.checkpoint(log)
        except (Unavailable, OSError) as error:  # the others' mail is worth the more now
            yield f"--- {log} ---\ncannot be read: {error}\n"
            continue
        if checkpoint is not None:
            yield f"--- {log}, {checkpoint.size} records ---\n{checkpoint.note.decode()}"


def _parts(notes: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for note in notes:
        if part and sum(map(len, part)) + len(note) > MOST_BYTES:
            yield part
            part = []
        part.append(note)
    if part:
        yield part
