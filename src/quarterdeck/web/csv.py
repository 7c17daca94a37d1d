"""Lists as files to keep: CSV (RFC 4180), NDJSON or JSON, as many rows as there are.

The three hold the same rows and columns; nothing is held in memory but one page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse

from quarterdeck.kernel.tabular import Columns, Format, written
from quarterdeck.web.paging import Key
from quarterdeck.web.streaming import PAGE_ROWS, Rows, pages

__all__ = ["ANSWERS", "MEDIA_TYPES", "Format", "Sheet", "streamed"]

Row = TypeVar("Row")


MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.NDJSON: "application/x-ndjson",
    Format.JSON: "application/json",
}

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}
"""What a route that answers with ``streamed`` says of its 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Generic[Row]):
    """A list that can be kept as a file.

    Attributes:
        name: of the file, without its ending: ``resources-export``.
        key: of a row; what the next page begins after.
        page_rows: rows held at once; ``SMALL_ROWS`` where each is small.
    """

    name: str
    rows: Rows[Row]
    key: Callable[[Row], Key]
    columns: Columns[Row]
    page_rows: int = PAGE_ROWS


def streamed(
    request: Request, sheet: Sheet[Row], form: Format = Format.CSV, after: Key | None = None
) -> StreamingResponse:
    """The whole list from ``after`` on, to be saved; refused, or cut short, as ``pages`` says."""
    found = pages(request, sheet.rows, sheet.key, after, sheet.page_rows)
    named = f'attachment; filename="{sheet.name}.{form}"'
    return StreamingResponse(
        written(form, sheet.columns, found),
        media_type=MEDIA_TYPES[form],
        headers={"Content-Disposition": named},
    )
