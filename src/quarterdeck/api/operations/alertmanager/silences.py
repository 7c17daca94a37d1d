"""/api/v2/silences: for a while, nobody is woken."""

from typing import Annotated

import msgspec
import orjson
from fastapi import Query, Response

from quarterdeck.api.operations.alertmanager import forms
from quarterdeck.api.operations.alertmanager.paths import (
    JSON_TYPE,
    Raw,
    both,
    meant,
    refused,
    schema_fault,
    unreadable,
)
from quarterdeck.operations.silences import service
from quarterdeck.operations.silences.matchers import BadMatcher, Matchers, parse_all
from quarterdeck.operations.silences.model import (
    Silence,
    SilenceExpired,
    SilenceInvalid,
    SilenceNotFound,
)
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.routes import Router

router = Router(tags=["alertmanager"])

Filters = Annotated[list[str], Query(default_factory=list, alias="filter", max_length=100)]


@both(router, "GET", "/silences", "alerts:read")
def get_silences(
    tenant: Annotated[str, meant("alerts:read")], work: InRead, wanted: Filters
) -> Response:
    """Silences that hold, those to come, and those that ended within five days."""
    try:
        matchers = parse_all(wanted)
    except BadMatcher as error:
        return refused(400, str(error))
    found = [one for one in service.listed(work, tenant) if _fits(one, matchers)]
    bodies = [forms.silence_body(one, work) for one in found]
    return Response(orjson.dumps(bodies), media_type=JSON_TYPE)


@both(router, "POST", "/silences", "alerts:silence", body=True)
def post_silences(
    raw: Raw, tenant: Annotated[str, meant("alerts:silence")], work: InWork
) -> Response:
    """Silence what matches, or change a silence."""
    try:
        wanted = forms.wanted_of(forms.SILENCE.decode(raw))
        made = service.silence(work, tenant, wanted)
    except msgspec.ValidationError as error:
        return schema_fault(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return unreadable(str(error))
    except (BadMatcher, SilenceInvalid) as error:
        return refused(400, str(error))
    except SilenceNotFound:
        return refused(404, "silence not found")
    return Response(orjson.dumps({"silenceID": made.id}), media_type=JSON_TYPE)


@both(router, "GET", "/silence/{silence}", "alerts:read")
def get_silence(
    silence: str, tenant: Annotated[str, meant("alerts:read")], work: InRead
) -> Response:
    """One silence."""
    try:
        found = service.of_id(work, silence, tenant)
    except SilenceNotFound as error:
        return refused(404, str(error))
    return Response(orjson.dumps(forms.silence_body(found, work)), media_type=JSON_TYPE)


@both(router, "DELETE", "/silence/{silence}", "alerts:silence", silent=True)
def delete_silence(
    silence: str, tenant: Annotated[str, meant("alerts:silence")], work: InWork
) -> Response:
    """End a silence now."""
    try:
        service.expire(work, silence, tenant)
    except SilenceNotFound as error:
        return refused(404, str(error))
    except SilenceExpired as error:
        return refused(500, str(error))
    return Response(status_code=200)


def _fits(silence: Silence, wanted: Matchers) -> bool:
    """Whether a silence's own matchers are what is asked for (CheckSilenceMatchesFilterLabels).

    One that it has not is one that is empty, as of an alert's labels; asked for as ``name!=""``
    it is there, whatever its value (matchFilterLabels).
    """
    own = {one.name: one.value for one in silence.matchers}
    return all(
        (one.name in own and not one.value and not one.is_equal) or one.matches(own)
        for one in wanted
    )
