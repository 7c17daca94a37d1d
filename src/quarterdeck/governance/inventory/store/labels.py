"""The tags of a resource beside its row, as one JSON object.

Gathered where they lie: as rows of their own they cost a long list as much as all the rest.
"""

from typing import Any

from sqlalchemy import ColumnElement, Label, String, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from quarterdeck.governance.inventory.store.tables import tags


class json_of_pairs(FunctionElement[str]):  # noqa: N801  it stands in SQL where a function does
    """Names and values as the text of a JSON object; NULL or ``{}`` of none."""

    type = String()
    inherit_cache = True


@compiles(json_of_pairs, "sqlite")
def _sqlite(element: Any, compiler: Any, **how: Any) -> str:  # noqa: ANN401  as SQLAlchemy calls it
    return f"json_group_object({compiler.process(element.clauses, **how)})"


@compiles(json_of_pairs, "postgresql")
def _postgres(element: Any, compiler: Any, **how: Any) -> str:  # noqa: ANN401  as SQLAlchemy calls it
    return f"CAST(json_object_agg({compiler.process(element.clauses, **how)}) AS TEXT)"


_BORNE = tags.alias("borne")


def labels_of(resource: ColumnElement[str]) -> Label[str]:
    """The tags of the resource with that id, as ``labels``."""
    query = select(json_of_pairs(_BORNE.c.name, _BORNE.c.value)).where(
        _BORNE.c.resource == resource
    )
    return query.scalar_subquery().label("labels")
