"""The names of problems are an interface."""

from collections import Counter
from collections.abc import Iterator

import generate_docs
from quarterdeck.kernel.errors import Conflict, QuarterdeckError
from quarterdeck.web.problems import catalogue, status_of


def kinds(base: type[QuarterdeckError] = QuarterdeckError) -> Iterator[type[QuarterdeckError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_no_two_problems_share_a_name() -> None:
    generate_docs.problems()
    ours = {kind for kind in kinds() if kind.__module__.startswith("quarterdeck.")}
    names = Counter(kind.__name__ for kind in ours)
    assert [name for name, times in names.items() if times > 1] == []


def test_every_problem_has_words_and_a_status() -> None:
    generate_docs.problems()
    for kind in catalogue().values():
        assert kind.__doc__, kind
        assert 400 <= status_of(kind) <= 599


def test_a_problem_bears_the_status_of_its_nearest_kin() -> None:
    class ThingMoved(Conflict):
        """It moved."""

    assert status_of(ThingMoved) == 409
    assert "ThingMoved" not in catalogue()
