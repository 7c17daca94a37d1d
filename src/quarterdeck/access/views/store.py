"""Views in SQL. They belong to a principal, and to no tenant: a filter is no tenant's data."""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from quarterdeck.access.views.model import View, ViewExists
from quarterdeck.kernel.db import metadata
from quarterdeck.kernel.ids import PrincipalId

views = Table(
    "access_view",
    metadata,
    Column("id", String, primary_key=True),
    Column("principal", String, nullable=False),
    Column("page", String, nullable=False),
    Column("name", String, nullable=False),
    Column("query", Text, nullable=False),
    UniqueConstraint("principal", "page", "name", name="access_view_name"),
)


def add(db: Connection, view: View) -> None:
    """Keep a view; raise ViewExists if its owner has one of that name for that page."""
    row = {
        "id": view.id,
        "principal": view.principal,
        "page": view.page,
        "name": view.name,
        "query": view.query,
    }
    try:
        with db.begin_nested():
            db.execute(insert(views).values(row))
    except IntegrityError as error:
        raise ViewExists(f"there is a view named {view.name!r}; choose another name") from error


def own(db: Connection, principal: str, page: str) -> list[View]:
    """A principal's views, of one page or (empty) of all, by page and name."""
    query = select(views).where(views.c.principal == principal)
    if page:
        query = query.where(views.c.page == page)
    return [_view(row) for row in db.execute(query.order_by(views.c.page, views.c.name))]


def count(db: Connection, principal: str) -> int:
    """How many views a principal has."""
    query = select(func.count()).where(views.c.principal == principal)
    return db.scalars(query).one()


def remove(db: Connection, principal: str, view: str) -> bool:
    """Keep a view no more; False if the principal has none of that id."""
    gone = delete(views).where(views.c.id == view, views.c.principal == principal)
    return db.execute(gone).rowcount == 1


def _view(row: Any) -> View:  # noqa: ANN401  SQLAlchemy types rows by their columns
    return View(
        id=row.id,
        principal=PrincipalId(row.principal),
        page=row.page,
        name=row.name,
        query=row.query,
    )
