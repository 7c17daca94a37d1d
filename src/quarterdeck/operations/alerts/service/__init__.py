"""What people do with alerts, and what makes them begin and end.

``fire`` and ``clear`` are for features of this platform that watch something themselves.
"""

from quarterdeck.operations.alerts.service.lifecycle import resolve
from quarterdeck.operations.alerts.service.looking import (
    active,
    active_count,
    beside_spending,
    past,
)
from quarterdeck.operations.alerts.service.signs import clear, clear_about, fire

__all__ = [
    "active",
    "active_count",
    "beside_spending",
    "clear",
    "clear_about",
    "fire",
    "past",
    "resolve",
]
