"""What is acknowledged is on the disk, whatever the database says by default."""

from contextlib import closing

import pytest
from sqlalchemy import Connection, Engine, event, make_url, text

from quarterdeck.kernel.db import reading
from servers import databases, postgres
from trail.log.drafts import prepared
from trail.log.journals import of_postgres

pytestmark = pytest.mark.postgres
SHOWN = text("SHOW synchronous_commit")


def committed_with(engine: Engine) -> list[str]:
    """What holds at the commit of each group of a journal, once a group was appended."""
    kind = of_postgres(engine)
    found: list[str] = []

    def note(db: Connection) -> None:
        found.append(db.exec_driver_sql("SHOW synchronous_commit").scalar_one())

    with closing(kind.open()) as journal:
        event.listen(engine, "commit", note)
        journal.append([prepared("acme", "a")])
        event.remove(engine, "commit", note)
    return found


@pytest.mark.parametrize(
    ("default", "at_commit"),
    [("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")],
)
def test_a_group_waits_for_the_disk_and_standbys_whatever_the_default(
    postgres_url: str, default: str, at_commit: str
) -> None:
    url = make_url(postgres_url)
    with postgres.connect(url) as db:
        db.execute(f'ALTER DATABASE "{url.database}" SET synchronous_commit = {default}'.encode())
    with databases.opened(databases.empty(url)) as engine:
        assert committed_with(engine) == [at_commit]
        with reading(engine) as db:  # for the group alone
            assert db.scalar(SHOWN) == default
