"""A cloud that writes down what it is asked and what it answers: never what is in the answers.

For the one repetition of a run that failed in a way nobody knows: its report is made of this.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, cast

from quarterdeck.governance.cloud.ports import Cloud, CloudFailure, Page

MOST_LINES = 200


@dataclass(slots=True)
class Witness:
    """Stands before ``cloud``; ``lines`` are the newest of what was noted."""

    cloud: Cloud
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked = getattr(self.cloud, name)

        def noted(*about: object) -> Any:  # noqa: ANN401  whatever the cloud answers
            call = f"{name}({', '.join(map(str, about))})"
            began = perf_counter()
            try:
                answer = asked(*about)
            except CloudFailure as failure:
                self._note(call, began, _failed(failure))
                raise
            if isinstance(answer, Iterator):
                return self._pages(call, answer)
            self._note(call, began, _answered(answer))
            return answer

        return noted

    def _pages(self, call: str, pages: Iterator[Any]) -> Iterator[Any]:
        while True:
            began = perf_counter()
            try:
                page = next(pages)
            except StopIteration:
                self._note(call, began, "end")
                return
            except CloudFailure as failure:
                self._note(call, began, _failed(failure))
                raise
            self._note(call, began, _answered(page))
            yield page

    def _note(self, call: str, began: float, outcome: str) -> None:
        self.lines.append(f"{call} -> {outcome} ({(perf_counter() - began) * 1000:.0f} ms)")


def watched(cloud: Cloud) -> tuple[Cloud, Witness]:
    """``cloud`` under watch, and what watches it."""
    witness = Witness(cloud)
    return cast("Cloud", witness), witness


def _answered(answer: object) -> str:
    if isinstance(answer, Page):
        return f"page of {len(answer.items)} items, request {answer.request_id or 'without id'}"
    return "answered"


def _failed(failure: CloudFailure) -> str:
    cause = failure.__cause__
    because = f", caused by {type(cause).__name__}" if cause else ""
    return f"{failure.kind}: {failure}{because}, request {failure.request_id or 'without id'}"
