"""Text that a program exposes, in the OpenMetrics form, as samples. Pure.

The parser is the strict one of Prometheus' own Python client: of OpenMetrics' 211 published
cases it judges each as the specification does (tests/operations/metrics/test_exposition.py).
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import Metric
from prometheus_client.openmetrics import parser

from quarterdeck.kernel.errors import Invalid
from quarterdeck.operations.metrics.model import Sample

LAST = datetime.max.replace(tzinfo=UTC)


class UnreadableExposition(Invalid):
    """The text is not OpenMetrics."""


def samples(content: bytes, at: datetime) -> Iterator[Sample]:
    """The samples of a text; one without an instant of its own is of ``at``.

    Raises:
        UnreadableExposition: says what is wrong. Nothing of the text is good then.
    """
    try:
        families = list(_parsed(content.decode()))
    except (ValueError, OverflowError) as error:
        raise UnreadableExposition(f"expected OpenMetrics text, got {error}") from error
    except LookupError as error:  # where a brace closes nothing, the parser only trips
        raise UnreadableExposition("expected OpenMetrics text, got misplaced braces") from error
    for family in families:
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                yield Sample(
                    sample.name, sample.labels, _instant(sample.timestamp, at), sample.value
                )


def _parsed(text: str) -> Iterator[Metric]:
    # The parser is written without types.
    families: Iterator[Metric] = parser.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return families


def _instant(given: object, at: datetime) -> datetime:
    if given is None:
        return at
    try:
        return datetime.fromtimestamp(float(str(given)), UTC)
    except (ValueError, OverflowError, OSError):
        # Good text, of an instant that no calendar here has: who records it refuses the sample.
        return LAST
