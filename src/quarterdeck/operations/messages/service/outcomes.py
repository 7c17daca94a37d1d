"""How telling the outside world ended, counted."""

from prometheus_client import Counter

MESSAGES = Counter(
    "quarterdeck_messages_total",
    "Messages by the kind of their channel and by how an attempt to tell them ended.",
    ["kind", "outcome"],
)
TAKEN, AGAIN, REFUSED, GIVEN_UP = "taken", "again", "refused", "given up"
