"""A sync takes its turn among bulk writers, so that others wait for one piece at most."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from governance.estate import Estate, arm
from quarterdeck.kernel.db import bulk
from waiting import until


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # PostgreSQL has many writers
def test_a_sync_waits_for_another_bulk_writer_and_holds_up_nobody_else(
    estate: Estate, engine: Engine
) -> None:
    _, cloud = estate.connect("one")
    cloud.pages = {"s1": [[arm("a"), arm("b")]]}
    with ThreadPoolExecutor(1) as pool:
        with bulk(engine):
            run = pool.submit(estate.sync)
            until(lambda: _waited_for(engine), 10, "the sync waits for bulk.lock")
            estate.tenant("another")  # a small write, meanwhile
        assert run.result(20).counts.added == 2


def _waited_for(engine: Engine) -> bool:
    """Whether somebody waits for the lock of bulk writers (proc(5), /proc/locks)."""
    lock = Path(str(engine.url.database)).with_name("bulk.lock").stat().st_ino
    waiting = [line for line in Path("/proc/locks").read_text().splitlines() if "->" in line]
    return any(f":{lock} " in line for line in waiting)
