"""Fields of forms and addresses: how long each may be, and how what it says is read."""

from typing import Annotated

from fastapi import Form, Query

Word = Annotated[str, Query(max_length=400)]
Short = Annotated[str, Form(max_length=1000)]
Long = Annotated[str, Form(max_length=30_000)]
Version = Annotated[int, Form(ge=0, le=2**31 - 1)]


def by_commas(text: str) -> tuple[str, ...]:
    """The words between commas, each once."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
