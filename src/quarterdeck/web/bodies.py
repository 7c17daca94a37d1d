"""The base of every JSON body that a route reads."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Body(BaseModel):
    """A body that is taken exactly: unknown fields, NaN and text nobody can store are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=65_536)

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, given: Any) -> Any:  # noqa: ANN401  whatever JSON holds
        _check_text(given)
        return given


def _check_text(given: object) -> None:
    # A list, not recursion: a body may nest as deep as it is long.
    left = [given]
    while left:
        item = left.pop()
        if isinstance(item, str):
            _check_storable(item)
        elif isinstance(item, dict):
            left += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            left += item


def _check_storable(text: str) -> None:
    # PostgreSQL's text holds no NUL; no UTF-8 holds half of a surrogate pair.
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("text must have no NUL and no lone surrogate")
