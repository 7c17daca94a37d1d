"""Records that commit to fields, and questions about them."""

from collections.abc import Mapping
from typing import Any

from quarterdeck.kernel.db import reading, writing
from quarterdeck.kernel.work import Actor, begin
from quarterdeck.trail.log.appender import open_log, prepare_all
from quarterdeck.trail.log.model import Committed, Draft
from quarterdeck.trail.log.record import Class
from quarterdeck.trail.projections import store
from quarterdeck.trail.projections.model import Row
from quarterdeck.trail.projections.tables import fields
from quarterdeck.trail.query.model import Answer, Filter, Question, Spot
from quarterdeck.trail.query.service import events
from trail.logs import Logs, record

EMAIL, CARD = "/payload/email", "/payload/card"
SEARCHER = Actor("sara", frozenset({("trail:read", "*"), ("trail:disclose", "*")}))


def draft(
    number: int, values: Mapping[str, object], tenant: str = "acme", subject: str = "user:ada"
) -> Draft:
    """A record that commits to values, by path; all about one subject."""
    return Draft(
        record=record(number, tenant, classification=dict.fromkeys(values, Class.PERSONAL)),
        committed=tuple(
            Committed(path=path, value=value, subject=subject) for path, value in values.items()
        ),
        subject=subject,
    )


def commit(logs: Logs, *drafts: Draft) -> None:
    """Append them."""
    installation = logs.installation
    with writing(logs.engine) as db:
        for tenant in {one.record.tenant for one in drafts}:
            open_log(db, installation.keys, tenant)
        made = prepare_all(db, installation.keys, drafts, installation.now)
    installation.trail.sequencer.append(made)


def answered(
    logs: Logs,
    *wanted: tuple[str, str],
    tenant: str = "acme",
    by: Actor = SEARCHER,
    limit: int = 50,
    before: Spot | None = None,
    **more: Any,  # noqa: ANN401  any filter
) -> Answer:
    """What is found by these fields."""
    asked = Question(
        tenant=tenant,
        wanted=Filter(**more),
        fields=wanted,
        limit=limit,
        before=before,
    )
    with begin(logs.engine, by, logs.installation.clock) as work:
        return events(work, logs.explorer, asked)


def found(
    logs: Logs,
    *wanted: tuple[str, str],
    tenant: str = "acme",
    **more: Any,  # noqa: ANN401  any filter
) -> list[int]:
    """The indices of it."""
    return [spot.index for spot, _ in answered(logs, *wanted, tenant=tenant, **more).records]


def rows(logs: Logs, tenant: str = "acme") -> list[Row]:
    """What stands in the read model of a log's fields."""
    with writing(logs.read) as db:
        number = store.number_of(db, tenant)
    with reading(logs.read) as db:
        found_ = db.execute(fields.select().where(fields.c.log == number))
        return sorted(tuple(row) for row in found_)
