"""The servers that tests stand on."""

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, insert, select, text

from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.outbox import sequences
from servers import databases, postgres


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_finds_every_table_and_no_row(engine: Engine, turn: int) -> None:
    with writing(engine) as db:
        assert db.execute(select(sequences)).all() == []
        db.execute(insert(sequences).values(tenant=f"t{turn}", last=turn))


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["pgbouncer"], indirect=True)
def test_a_transaction_goes_through_pgbouncer(engine: Engine) -> None:
    with writing(engine) as db:
        db.execute(insert(sequences).values(tenant="t", last=1))
    with reading(engine) as db:
        assert db.execute(select(sequences.c.tenant)).scalars().all() == ["t"]


@pytest.mark.postgres
def test_two_clients_of_pgbouncer_share_a_session_between_transactions(pgbouncer_url: str) -> None:
    session = text("SELECT pg_backend_pid()")
    with (
        databases.opened(pgbouncer_url) as engine,
        engine.connect() as first,
        engine.connect() as second,
    ):
        found = first.execute(session).scalar()
        first.commit()
        assert second.execute(session).scalar() == found


@pytest.mark.postgres
def test_a_server_of_ones_own_is_durable() -> None:
    if reason := postgres.missing():
        pytest.skip(reason)
    with postgres.own_server() as url, postgres.connect(url) as db:
        assert db.execute("SHOW fsync").fetchone() == ("on",)


@pytest.mark.browser
def test_the_browser_shows_a_page(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<h1>Quarterdeck</h1>")
    assert page.get_by_role("heading").inner_text() == "Quarterdeck"
