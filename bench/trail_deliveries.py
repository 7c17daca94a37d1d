"""Delivery on the happy path: from the log through the relay to one consumer that counts.

``python -m bench.trail_deliveries [RECORDS [NATS_URL]]``: in process, or by that server.
"""

import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.db import metadata, open_engine, writing
from quarterdeck.kernel.work import Work
from quarterdeck.migrations import tables
from quarterdeck.providers.nats.topic import NatsTopic
from quarterdeck.trail.deliveries.local import LocalTopic
from quarterdeck.trail.deliveries.model import Batch
from quarterdeck.trail.deliveries.ports import Consumer
from quarterdeck.trail.deliveries.service.consuming import Consuming
from quarterdeck.trail.deliveries.service.relaying import Relay
from quarterdeck.trail.log.model import Prepared
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.trail.log.storage import leaves
from quarterdeck.trail.proof.tree import leaf_hash

GROUP = 1000
FILLING = "x" * 600


def prepared(log: str, number: int) -> Prepared:
    entry = f'{{"id":"{log}-{number}","schema":1,"payload":"{FILLING}"}}'.encode()
    return Prepared(
        log=log,
        record=f"{log}-{number}",
        entry=entry,
        hash=leaf_hash(entry),
        moment=micros(utc_now()),
        tag=sha256(f"{log} {number}".encode()).digest(),
    )


def main(records: int, logs: int, url: str) -> None:
    assert tables.metadata is metadata
    counted = [0]

    def count(_work: Work, batch: Batch) -> None:
        counted[0] += len(batch.entries)

    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/q.db")
        metadata.create_all(engine)
        trail = open_trail(engine, Path(folder) / "trail", lasting=True)
        names = [f"tenant-{n}" for n in range(logs)]
        with writing(engine) as db:
            for name in names:
                leaves.begin(db, name, f"origin/{name}", "vkey")
        for start in range(0, records, GROUP):
            trail.sequencer.append(
                [prepared(names[n % logs], n) for n in range(start, start + GROUP)]
            )
        topic = NatsTopic(url, trail.reader) if url else LocalTopic(trail.reader)
        relay = Relay(engine=engine, reader=trail.reader, topic=topic, clock=utc_now)
        consuming = Consuming(
            engine=engine,
            reader=trail.reader,
            feed=topic.subscribe("bench"),
            consumer=Consumer(name="bench", queue="bench", apply=count),
            clock=utc_now,
        )
        began = perf_counter()
        while counted[0] < records:
            relay.beat()
            consuming.beat()
        took = perf_counter() - began
        topic.close()
        trail.close()
        engine.dispose()
    print(f"{logs:>4} logs  {records:>8,} records  {took:6.2f} s  {records / took:>9,.0f}/s")


if __name__ == "__main__":
    for many in (1, 20, 100):
        main(
            int(sys.argv[1]) if len(sys.argv) > 1 else 100_000,
            many,
            sys.argv[2] if len(sys.argv) > 2 else "",
        )
