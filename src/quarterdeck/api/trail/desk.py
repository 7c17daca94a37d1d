"""What ingest answers to a body, whichever way the request came in."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.types import Scope

from quarterdeck.api.trail import packed
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.work import Actor
from quarterdeck.runtime import Runtime
from quarterdeck.trail.ingest import cloudevents, forms, otlp, protobuf
from quarterdeck.trail.ingest.intake import Intake, Offered, Result, Taken
from quarterdeck.trail.ingest.refusal import EventRefused
from quarterdeck.trail.log.model import Inclusion
from quarterdeck.web import faults, problems, tenancy

PERMISSION = "audit:ingest"
JSON, NDJSON = "application/json", "application/x-ndjson"
CLOUDEVENT, CLOUDEVENTS = "application/cloudevents+json", "application/cloudevents-batch+json"
KNOWN = (JSON, NDJSON, CLOUDEVENT, CLOUDEVENTS)
PROTOBUF = "application/x-protobuf"
WAIT = "wait=checkpoint"
MAX_KEY = 200
AGAIN = frozenset({409, 503})


class UnknownEvents(faults.Malformed):
    """No event of the request can be taken as it is; ``errors`` says why."""

    def __init__(self, message: str, errors: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was read whole. A Struct, as ``Answer``: of a dataclass, one takes four times
    as long to make.

    Attributes:
        tenant: that it names; empty: that of its credential.
        headers: by lower-case name.
        max_bytes: that a body may have, unpacked too.
    """

    tenant: str
    actor: Actor
    epoch: int
    headers: Mapping[str, str]
    body: bytes
    max_bytes: int
    scope: Scope


class Answer(msgspec.Struct, frozen=True):
    """What is sent back."""

    status: int
    media_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Desk:
    """Answers requests with events."""

    def __init__(self, runtime: Runtime) -> None:
        self._intake = Intake(
            runtime.engine,
            runtime.clock,
            runtime.keys,
            runtime.reader,
            runtime.sequencer,
            runtime.policies,
        )
        self._times = runtime.ingests

    async def events(self, asked: Asked) -> Answer:
        """POST /api/v1/audit/events."""
        tenant = tenant_of(asked.actor, asked.tenant)
        many, offered = _offered(asked)
        if not offered:
            raise UnknownEvents("the body has no event; send one, an array, or one a line")
        results = await self._take(tenant, asked, offered)
        proofs: Mapping[int, Inclusion] = {}
        if WAIT in asked.headers.get("prefer", "").replace(" ", ""):
            taken = [one.index for one in results if isinstance(one, Taken)]
            proofs = await self._intake.prove(tenant, taken) if taken else {}
        return _answered(asked, tenant, many, results, proofs)

    async def logs(self, asked: Asked) -> Answer:
        """POST /v1/logs, as OTLP over HTTP says: gzip is what its exporters send by default."""
        tenant = tenant_of(asked.actor, asked.tenant)
        asked = await _unpacked(asked)
        kind = _media_type(asked.headers, (JSON, PROTOBUF))
        try:
            offered = _log_records(kind, asked.body)
        except EventRefused as refusal:
            raise UnknownEvents(str(refusal), refusal.errors) from refusal
        results = await self._take(tenant, asked, offered) if offered else []
        refused = [one for one in results if not isinstance(one, Taken)]
        why = str(refused[0]) if refused else ""
        if kind == PROTOBUF:
            return Answer(200, PROTOBUF, protobuf.response_of(len(refused), why))
        partial = {"rejectedLogRecords": str(len(refused)), "errorMessage": why}
        told = {"partialSuccess": partial} if refused else {}
        return Answer(200, JSON, msgspec.json.encode(told))

    async def _take(self, tenant: str, asked: Asked, offered: Sequence[Offered]) -> list[Result]:
        with self._times.timing():
            return await self._intake.take(tenant, asked.actor.id, asked.epoch, offered)


async def _unpacked(asked: Asked) -> Asked:
    if asked.headers.get("content-encoding", "").strip().lower() not in packed.CODINGS:
        return asked
    body = await asyncio.to_thread(packed.unpacked, asked.body, asked.max_bytes)
    kept = {name: value for name, value in asked.headers.items() if name != "content-encoding"}
    return replace(asked, headers=kept, body=body)


def tenant_of(actor: Actor, named: str) -> str:
    """Whose log is meant: the tenant that is named, or the only one of the credential.

    Raises:
        MissingPermission, TenantNotFound: as ``Work.require``.
        Malformed: the credential is for several, and none is named.
    """
    return tenancy.meant(actor, PERMISSION, named)


def _offered(asked: Asked) -> tuple[str, Sequence[Offered]]:
    """How the answer is written (as one, as an array, or a line each), and the events."""
    body, kind = asked.body, _media_type(asked.headers)
    try:
        if kind == NDJSON and not cloudevents.is_binary(asked.headers):
            return NDJSON, _lines(asked)
        forms.check_text(body)
        if cloudevents.is_binary(asked.headers):
            return JSON, [cloudevents.binary(asked.headers, body)]
        if kind == CLOUDEVENT:
            return JSON, [cloudevents.structured(body.strip())]
        if kind == CLOUDEVENTS:
            return CLOUDEVENTS, [cloudevents.structured(one) for one in forms.items_of(body)]
        if forms.is_array(body):
            return CLOUDEVENTS, _keyed(asked, forms.items_of(body))
        return JSON, _keyed(asked, [body.strip()] if body.strip() else [])
    except EventRefused as refusal:
        raise UnknownEvents(str(refusal), refusal.errors) from refusal


def _lines(asked: Asked) -> list[Offered]:
    """A line that is no text is refused for itself: the others may be taken."""
    found = _keyed(asked, forms.lines_of(asked.body))
    if forms.is_text(asked.body):
        return found
    return [_checked(one) for one in found]


def _checked(one: Offered) -> Offered:
    try:
        forms.check_text(one.raw, "line")
    except EventRefused as refusal:
        return Offered(one.raw, one.key, refusal)
    return one


def _log_records(kind: str, body: bytes) -> list[Offered]:
    if kind == PROTOBUF:
        return otlp.records_of(protobuf.request_of(body))
    forms.check_text(body)
    return otlp.offered(body)


def _keyed(asked: Asked, raws: Sequence[bytes]) -> list[Offered]:
    key = asked.headers.get("idempotency-key")
    if key is None:
        return [Offered(raw) for raw in raws]
    if not 1 <= len(key) <= MAX_KEY:
        raise faults.Malformed(f"Idempotency-Key has 1 to {MAX_KEY} characters")
    if len(raws) == 1:
        return [Offered(raws[0], key)]
    return [Offered(raw, f"{key} {number}") for number, raw in enumerate(raws)]


def _media_type(headers: Mapping[str, str], known: Sequence[str] = KNOWN) -> str:
    if headers.get("content-encoding", "identity") != "identity":
        raise faults.UnsupportedMediaType("send the body as it is, without Content-Encoding")
    kind = headers.get("content-type", JSON).split(";")[0].strip().lower()
    if kind not in known:
        raise faults.UnsupportedMediaType(
            f"no events are read from {kind}; send {', '.join(known)}"
        )
    return kind


def _answered(
    asked: Asked,
    tenant: str,
    form: str,
    results: Sequence[Result],
    proofs: Mapping[int, Inclusion],
) -> Answer:
    if not any(isinstance(one, Taken) for one in results):
        raise _none_taken(form, results)
    told = [_told(asked.scope, tenant, one, proofs) for one in results]
    headers = (("Preference-Applied", WAIT),) if proofs else ()
    if form == NDJSON:
        return Answer(200, NDJSON, b"\n".join(told) + b"\n", headers)
    body = told[0] if form == JSON else b"[" + b",".join(told) + b"]"
    return Answer(200, JSON, body, headers)


def _none_taken(form: str, results: Sequence[Result]) -> QuarterdeckError:
    """Why nothing was taken: of one event its own problem; of a batch a 400, or what passes."""
    refused = [one for one in results if not isinstance(one, Taken)]
    first = refused[0]
    lasting = [one for one in refused if problems.status_of(type(one)) not in AGAIN]
    if not lasting or (form == JSON and not isinstance(first, EventRefused)):
        return first
    errors: list[dict[str, str]] = []
    for number, one in enumerate(results[: problems.SHOWN_ERRORS]):
        for breach in getattr(one, "errors", ({"detail": str(one), "pointer": "#"},)):
            pointer = breach["pointer"][1:]
            place = pointer if form == JSON else f"/{number}{pointer}"
            errors.append({"detail": breach["detail"], "pointer": f"#{place}"})
    return UnknownEvents(str(lasting[0]), tuple(errors))


def _told(scope: Scope, tenant: str, one: Result, proofs: Mapping[int, Inclusion]) -> bytes:
    if not isinstance(one, Taken):
        problem = problems.problem_of(Request(scope), one).model_dump(exclude_none=True)
        if isinstance(one, EventRefused):
            problem |= {"status": 400, "reason": one.reason}
        return msgspec.json.encode({"status": "refused", "problem": problem})
    status = b"duplicate" if one.duplicate else b"appended"
    more = b""
    if one.skew_s:
        more += b',"skew_s":%d' % one.skew_s
    if (proof := proofs.get(one.index)) is not None:
        more += b',"proof":' + _proof(proof)
    return b'{"status":"%b","id":"%b","log":"%b","index":%d,"leaf_hash":"%b"%b}' % (
        status,
        one.record.encode(),
        tenant.encode(),
        one.index,
        one.leaf_hash.hex().encode(),
        more,
    )


def _proof(found: Inclusion) -> bytes:
    return msgspec.json.encode(
        {
            "tree_size": found.checkpoint.size,
            "proof": [b64encode(step).decode() for step in found.proof],
            "checkpoint": found.checkpoint.note.decode(),
        }
    )
