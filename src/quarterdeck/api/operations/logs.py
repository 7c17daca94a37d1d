"""/api/v1/logs: what the platform itself says, found and asked."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Query
from pydantic import BaseModel, Field

from quarterdeck.api.operations.services import utc_of
from quarterdeck.operations.logs import service
from quarterdeck.operations.logs.model.entry import Asked, Entry, Level
from quarterdeck.web.bodies import Body
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/logs", tags=["logs"])

READS = needs(service.READ)


class LogEntry(BaseModel):
    """One line that a process of the platform said."""

    at: datetime
    level: str
    service: str
    event: str
    fields: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(
            at=entry.at,
            level=entry.level,
            service=entry.service,
            event=entry.event,
            fields=dict(entry.fields),
        )


class LogEntries(BaseModel):
    """Lines, oldest first: the newest that are asked for."""

    entries: list[LogEntry]


class LogQuery(Body):
    """A pipe query over requests, traces or exceptions."""

    query: str = Field(min_length=1, max_length=4000)


class LogAnswer(BaseModel):
    """The rows that a query made."""

    columns: list[str]
    rows: list[dict[str, Any]]


@router.get("", responses=problems(401, 403, 422), **READS)
def find_log_lines(  # noqa: PLR0913, PLR0917  the filters of the list
    work: InRead,
    runtime: Installation,
    service_name: Annotated[str, Query(alias="service", description="web, worker, ...")] = "",
    level: Annotated[Level, Query(description="This, or graver.")] = Level.DEBUG,
    text: Annotated[str, Query(max_length=500, description="Words, in any case.")] = "",
    since: Annotated[datetime | None, Query(description="Default: a day ago.")] = None,
    until: Annotated[datetime | None, Query(description="Default: now.")] = None,
    limit: Annotated[int, Query(ge=1, le=service.MOST)] = 200,
) -> LogEntries:
    """The newest lines of this machine's processes that are asked for, oldest first."""
    asked = Asked(
        since=utc_of(since) if since else work.now - service.USUAL,
        until=utc_of(until) if until else work.now + service.AHEAD,
        service=service_name,
        level=level,
        text=text,
    )
    found = service.find(work, service.folder_of(runtime.settings), asked, limit)
    return LogEntries(entries=[LogEntry.of(entry) for entry in found])


@router.post("/query", responses=problems(401, 403, 422), **READS)
def query_logs(body: LogQuery, work: InRead, runtime: Installation) -> LogAnswer:
    """Ask by a pipe query: where, summarize, project, extend, order, take, count.

    Without a bound on `timestamp` it asks of the last 24 hours. A query that cannot be read is
    refused with the place where, and what was expected there.
    """
    found = service.query(work, service.folder_of(runtime.settings), body.query)
    return LogAnswer(columns=list(found.columns), rows=list(found.rows))
