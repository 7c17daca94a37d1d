"""OpenMetrics text: the specification's own cases, and ours."""

import json
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from prometheus_client.openmetrics import exposition

from operations.metrics.stage import NOON
from quarterdeck.operations.metrics.exposition import UnreadableExposition, samples

CASES = "data/openmetrics/tests/testdata/parsers"


def judged(content: bytes) -> bool:
    try:
        list(samples(content, NOON))
    except UnreadableExposition:
        return False
    return True


def test_each_published_case_is_judged_as_the_specification_does(shared_data: Path) -> None:
    wrong, seen = [], 0
    for case in sorted((shared_data / CASES).iterdir()):
        said = json.loads((case / "test.json").read_text())["shouldParse"]
        seen += 1
        if judged((case / "metrics").read_bytes()) is not said:
            wrong.append(case.name)
    assert (wrong, seen) == ([], 211)


def exposed() -> bytes:
    text: bytes = exposition.generate_latest(REGISTRY)  # type: ignore[no-untyped-call]  # without types
    return text


@pytest.mark.census("ATP-030")
def test_our_own_text_is_read_again() -> None:
    found = {sample.name for sample in samples(exposed(), NOON)}
    assert "quarterdeck_points_sealed_total" in found


def test_samples_have_their_own_instant_or_that_of_the_reading() -> None:
    text = b'# TYPE a gauge\na{b="c"} 1 1.5\na{b="d"} 2\n# EOF\n'
    first, second = samples(text, NOON)
    assert (first.labels, first.value, first.at.timestamp()) == ({"b": "c"}, 1, 1.5)
    assert second.at == NOON


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"a 1",
        b"a 1\n",
        b"<html>",
        b'{" "} 1\n#EOF\n',
        b"# TYPE n histogram\nn {]}\n# EOF\n",
    ],
)
def test_garbage_is_refused(content: bytes) -> None:
    assert not judged(content)
