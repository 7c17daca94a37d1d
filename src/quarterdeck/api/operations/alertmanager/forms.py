"""What API v2 reads and writes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from quarterdeck.kernel.db import storable
from quarterdeck.kernel.work import Work
from quarterdeck.operations.alerts.model import Alert
from quarterdeck.operations.alerts.pushed import Push
from quarterdeck.operations.silences.matchers import Matcher, Operator
from quarterdeck.operations.silences.model import Silence, Wanted

NO_TIME = 1  # Go's zero time is in year 1
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class PostedAlert(msgspec.Struct):
    """One alert as it is posted; more fields are let pass."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: datetime | None = None  # noqa: N815  theirs
    endsAt: datetime | None = None  # noqa: N815
    generatorURL: str = ""  # noqa: N815


class PostedMatcher(msgspec.Struct):
    """One matcher; who says nothing of ``isEqual`` means yes."""

    name: str
    value: str
    isRegex: bool  # noqa: N815
    isEqual: bool | None = True  # noqa: N815


class PostedSilence(msgspec.Struct):
    """A silence as it is posted."""

    matchers: list[PostedMatcher]
    startsAt: datetime  # noqa: N815
    endsAt: datetime  # noqa: N815
    createdBy: str  # noqa: N815
    comment: str
    id: str = ""


ALERTS = msgspec.json.Decoder(list[PostedAlert], strict=False)
SILENCE = msgspec.json.Decoder(PostedSilence, strict=False)


def push_of(posted: PostedAlert, now: datetime, timeout: timedelta) -> Push:
    """With what was left out filled in, as postAlertsHandler does."""
    starts_at, ends_at = given(posted.startsAt), given(posted.endsAt)
    if starts_at is None:
        starts_at = ends_at or now
    return Push(
        labels={name: value for name, value in posted.labels.items() if value},
        annotations=posted.annotations,
        starts_at=starts_at,
        ends_at=ends_at or now + timeout,
        guessed=ends_at is None,
        generator_url=storable(posted.generatorURL),
    )


def wanted_of(posted: PostedSilence) -> Wanted:
    """What is asked for; raises BadMatcher."""
    matchers = tuple(
        Matcher(one.name, _operator(regex=one.isRegex, equal=one.isEqual is not False), one.value)
        for one in posted.matchers
    )
    return Wanted(
        id=posted.id,
        matchers=matchers,
        starts_at=given(posted.startsAt),
        ends_at=given(posted.endsAt) or datetime.min.replace(tzinfo=UTC),
        created_by=posted.createdBy,
        comment=posted.comment,
    )


def alert_body(alert: Alert, receivers: Sequence[str], status: dict[str, Any]) -> dict[str, Any]:
    """A GettableAlert."""
    return {
        "annotations": alert.sign.annotations,
        "endsAt": moment(alert.expires_at or alert.seen_at + timedelta(days=1)),
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in receivers],
        "startsAt": moment(alert.starts_at),
        "status": status,
        "updatedAt": moment(alert.seen_at),
        "generatorURL": alert.sign.generator_url,
        "labels": alert.sign.labels,
    }


def silence_body(silence: Silence, work: Work) -> dict[str, Any]:
    """A GettableSilence."""
    return {
        "id": silence.id,
        "status": {"state": silence.state(work.now).value},
        "updatedAt": moment(silence.updated_at),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": moment(silence.ends_at),
        "matchers": [
            {"isEqual": m.is_equal, "isRegex": m.is_regex, "name": m.name, "value": m.value}
            for m in silence.matchers
        ],
        "startsAt": moment(silence.starts_at),
    }


@lru_cache(maxsize=4096)
def moment(at: datetime) -> str:
    """As strfmt.DateTime writes it: to the millisecond, in UTC.

    Remembered, for what is pushed together has its instants together.
    """
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def given(at: datetime | None) -> datetime | None:
    """An instant that was said; Go's zero time says nothing, and one without zone is UTC."""
    if at is None or at.year <= NO_TIME:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(aware, EARLIEST), LATEST)


def _operator(*, regex: bool, equal: bool) -> Operator:
    if regex:
        return Operator.MATCHES if equal else Operator.DIFFERS
    return Operator.EQUAL if equal else Operator.NOT_EQUAL
