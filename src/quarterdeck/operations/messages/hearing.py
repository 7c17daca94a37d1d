"""The outbox's ear: what the trail wants kept elsewhere goes out as a mail."""

from quarterdeck.kernel.deliveries import Subscriber
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.outbox import Fact
from quarterdeck.kernel.work import Work
from quarterdeck.operations.messages.model import Address, Content, Urgency, Where
from quarterdeck.operations.messages.service.posting import post

NAME, NOTED = "checkpoints", "CheckpointsNoted"
WORDS = """\
Keep this mail where nobody who runs the installation can alter it: it shows later whether a log
forgot or changed its past. To hold a log against it, save the lines of its note, from the one
below its name to the last that begins with a dash, as a file, and verify a copy of the log:

    quarterdeck trail verify COPY --key VKEY --since FILE
"""


def subscriber() -> Subscriber:
    """Who hears of facts on behalf of those who keep checkpoints."""
    return Subscriber(name=NAME, receive=_mail, hears=[NOTED])


def _mail(work: Work, fact: Fact) -> None:
    said = fact.payload
    many = "one log" if said["logs"] == 1 else f"{said['logs']} logs"
    posted = post(
        work,
        fact.tenant,
        [Address(where=Where.MAIL, name=said["to"])],
        Content(
            title=f"Checkpoints of {many}, {said['day']}, to be kept",
            text=f"{WORDS}\n{said['notes']}",
            state="info",
        ),
        key=f"checkpoints/{said['run']}/{said['part']}",
        about=f"checkpoints/{said['day']}",
        urgency=Urgency.WHOLE,
    )
    for one in posted:
        if one.why:  # a mail that is missing on the day when it is needed is found too late
            raise Invalid(f"checkpoint_mail: {one.why}")
