"""How long a cloud asks to wait."""

from datetime import UTC, datetime

import pytest

from quarterdeck.providers.azure.retry import asked_wait_s

NOW = datetime(2026, 2, 28, 12, 0, 0, tzinfo=UTC)
QPU = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "Sat, 28 Feb 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Sat, 28 Feb 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({QPU: "42"}, 42),
        ({"retry-after": "5", QPU: "42"}, 42),
        ({"retry-after": "soon", "x-ms-retry-after-ms": "1"}, 0.001),
        ({"x-ms-ratelimit-remaining-subscription-reads": "11999"}, None),
    ],
)
def test_the_longest_wait_of_all_headers_counts(
    headers: dict[str, str], wait_s: float | None
) -> None:
    assert asked_wait_s(headers, lambda: NOW) == wait_s
