"""Lists as Parquet files, where the ``analytics`` extra is installed.

A Parquet file ends with what it begins by, so it is written to a temporary file first: row
groups of some thousand rows, so that memory stays flat.
"""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse

from quarterdeck.kernel.errors import Unavailable
from quarterdeck.kernel.tabular import Columns
from quarterdeck.web.csv import Sheet
from quarterdeck.web.streaming import pages

try:
    import pyarrow as pa
    from pyarrow import parquet
except ImportError:  # the core does without it
    pa = None

MEDIA_TYPE = "application/vnd.apache.parquet"
PIECE = 65_536
NEVER_S = 86_400
AMOUNT = (38, 9)
NUMBERS = ("Cost", "Quantity")
"""How the names of columns of numbers end."""

Row = TypeVar("Row")


class NoParquet(Unavailable):
    """The server has no means to write Parquet."""


def streamed(request: Request, sheet: Sheet[Row]) -> StreamingResponse:
    """The whole list as one file, its cells text but for columns of amounts (NUMBERS).

    Raises:
        NoParquet: says what to install.
    """
    if pa is None:
        raise NoParquet(
            "Parquet needs the analytics extra on the server: pip install quarterdeck[analytics]; "
            "CSV does without",
            NEVER_S,
        )
    found = pages(request, sheet.rows, sheet.key)
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115  closed once it is sent
    schema = pa.schema([(name, _type(name)) for name in sheet.columns])
    with parquet.ParquetWriter(file, schema) as writer:
        for page in found:
            writer.write_table(_table(sheet.columns, page, schema))
    file.seek(0)
    named = f'attachment; filename="{sheet.name}.parquet"'
    return StreamingResponse(
        _pieces(file), media_type=MEDIA_TYPE, headers={"Content-Disposition": named}
    )


def _type(name: str) -> Any:  # noqa: ANN401  pyarrow has no types of its own
    return pa.decimal128(*AMOUNT) if name.endswith(NUMBERS) else pa.string()


def _table(columns: Columns[Row], rows: Any, schema: Any) -> Any:  # noqa: ANN401
    cells = {
        name: [_cell(read(row), number=name.endswith(NUMBERS)) for row in rows]
        for name, read in columns.items()
    }
    return pa.table(cells, schema=schema)


def _cell(value: object, *, number: bool) -> object:
    return value if value is None or number else str(value)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
