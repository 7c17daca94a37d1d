"""How threads of a process take turns."""

import sys

TURN_S = 0.0005
"""After which a thread that is busy lets another go on. Python's own 5 ms is what each call to the
system waits, on its return, for a loop full of requests, or for rows being made; and what appends
to the log makes four such calls a group, what writes tiles five a tile."""


def take_short_turns() -> None:
    """Have threads that wait for disks and sockets go on soon after they come back."""
    sys.setswitchinterval(TURN_S)
