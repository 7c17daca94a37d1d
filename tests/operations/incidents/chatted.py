"""An incident whose channel in Slack was created, without a Slack."""

from datetime import timedelta

from quarterdeck.kernel.work import Work
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.messages.model import GIVE_UP, SENT, Content, Message, Urgency
from quarterdeck.operations.messages.store import outbox

LINK = "https://acme.slack.com/archives/C001"


def chatted(work: Work, incident: str) -> None:
    """Have the channel of an incident of acme be at ``LINK``."""
    made = Message(
        id=work.new_id(),
        tenant="acme",
        key=f"{incident}/room/declared",
        about=f"incident/{incident}",
        way="channel:rooms",
        channel="rooms",
        kind=Kind.ROOMS.value,
        address="rooms",
        person="",
        urgency=Urgency.PROMPT,
        content=Content(title=incident),
        state=SENT,
        created_at=work.now,
        due_at=work.now,
        give_up_at=work.now + GIVE_UP,
        receipt=LINK,
        ended_at=work.now + timedelta(seconds=1),
    )
    outbox.add(work.db, [made])
