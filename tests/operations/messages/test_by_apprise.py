"""Messages that go out by Apprise, and that its address is nowhere to be read."""

from sqlalchemy import Engine, select

from operations.messages.stage import Stage
from quarterdeck.kernel import outbox
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.messages.service import testing
from quarterdeck.operations.messages.store.table import messages
from servers.sink import Sink

TOPIC = "a-secret-topic"


def by_ntfy(stage: Stage, came: Sink) -> None:
    host = came.url.removeprefix("http://")
    stage.channel("phones", Kind.APPRISE, f"ntfy://{host}/{TOPIC}", place="Acme phones")


def test_a_failure_is_tried_again_and_told_as_a_repeat(stage: Stage, came: Sink) -> None:
    by_ntfy(stage, came)
    came.answers["/"] = [500]
    stage.post("phones", severity="critical")
    stage.settle()
    [one] = stage.all("waiting")
    assert (one.kind, one.address, "error=500" in one.error) == ("apprise", "Acme phones", True)
    stage.due_now()
    stage.settle()
    assert stage.states() == ["sent"]
    [got] = came.of("/")
    assert got.body["title"] == "[CRITICAL] Database down"
    assert got.body["message"].startswith("Repeat")


def test_its_address_is_in_no_row_no_fact_and_no_answer(
    stage: Stage, came: Sink, engine: Engine
) -> None:
    by_ntfy(stage, came)
    came.answers["/"] = [404, 404]
    stage.post("phones")
    stage.settle()
    outlet = stage.outlet()
    with stage.work() as work:
        parcels = testing.prepared(work, "acme", "phones", outlet.safe)
    tried = testing.carried(outlet, parcels)
    with stage.work() as work:
        testing.noted(work, "acme", "phones", tried)
    assert [one.state for one in stage.all()] == ["failed", "failed"]
    with engine.connect() as db:
        told = outbox.after(db, "acme", 0, 100)
        rows = db.execute(select(messages)).all()
    assert TOPIC not in f"{told}{rows}{tried}{parcels}"
