"""The reference says what the code does."""

from pathlib import Path

import pytest

import generate_docs

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", generate_docs.PAGES)
def test_a_page_of_the_reference_is_what_the_code_would_write(name: str) -> None:
    written = (REFERENCE / name).read_text()
    assert written == generate_docs.PAGES[name](), "run `python scripts/generate_docs.py`"
