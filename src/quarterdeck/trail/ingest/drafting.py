"""From an event to what the sequencer appends. The same bytes that ``Record.encode`` makes.

Written for speed: a test holds it together with the record's own way, which takes ten times as
long. What entries of like events have in common is written once.
"""

import os
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
import orjson

from quarterdeck.kernel.clock import micros
from quarterdeck.trail.ingest.fields import Fields, Hidden, divided, subject_of
from quarterdeck.trail.ingest.refusal import EventRefused
from quarterdeck.trail.ingest.wire import Correlation, Event
from quarterdeck.trail.keys.seal import NONCE_BYTES, Sealer, Tagger
from quarterdeck.trail.log.appender import PAYLOAD
from quarterdeck.trail.log.disclosure import SALT_BYTES
from quarterdeck.trail.log.model import Prepared, Sealed
from quarterdeck.trail.log.record import PLATFORM_SOURCE, SCHEMA, Class
from quarterdeck.trail.policy.compiled import Classifier, Timed
from quarterdeck.trail.proof.tiles import MAX_ENTRY_BYTES
from quarterdeck.trail.proof.tree import leaf_hash

DIGEST_BYTES = 16
MOST_FORMS = 2000
NOISE_BYTES = SALT_BYTES + NONCE_BYTES
MAY_NOT_FIT = 12_000
"""Bytes of fields from which on an entry may be too large with its payload in clear."""

SKEW = timedelta(minutes=5)
URL_SAFE = bytes.maketrans(b"+/", b"-_")
NO_CORRELATION = b'{"causation":null,"request":null,"trace":null}'
DECISIONS = {None: b"null", "permit": b'"permit"', "deny": b'"deny"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A tenant's log, as ingest writes to it.

    Attributes:
        tagger: makes its idempotency tags.
        forms: what is the same in many entries, by what makes it so.
    """

    tenant: str
    origin: str
    tagger: Tagger
    classifier: Classifier
    forms: dict[tuple[str, ...], bytes] = field(default_factory=dict)


class Draft(msgspec.Struct):
    """An event judged and divided, that needs the keys of its subjects only."""

    event: Event
    fields: Fields
    tag: bytes
    digest: bytes
    occurred_at: bytes
    skew_s: int

    @property
    def subjects(self) -> set[str]:
        """Whose keys it needs."""
        needed = {hidden.subject for hidden in self.fields.hidden}
        if self.fields.size > MAY_NOT_FIT:
            needed.add(subject_of(self.event, "actor", {}))
        return needed


class Moment(msgspec.Struct, frozen=True):
    """When events were received: microseconds since 1970, and as it stands in entries."""

    at: int
    text: bytes

    @classmethod
    def of(cls, now: datetime) -> "Moment":
        """The moment ``now``."""
        return cls(micros(now), _stamp(now))


KeyOf = Callable[[str], tuple[str, Sealer]]
"""A subject's data key: its id, and what seals under it."""


def draft(
    place: Place, source: str, event: Event, raw: bytes, key: str | None, now: datetime
) -> Draft:
    """Judge an event of the principal ``source``. ``key``: what makes it exactly one record.

    Raises:
        EventRefused: it claims another's source, or a field that may not come.
    """
    if event.source not in (None, source) or source == PLATFORM_SOURCE:
        raise EventRefused(
            "source", "source", "Field 'source' is set by the credential; leave it out"
        )
    classifier = place.classifier
    timed = Timed(classifier, classifier.shape(event.action, event.resource.type))
    fields = divided(event, timed)
    try:
        occurred = event.occurred_at.astimezone(UTC)
    except OverflowError as error:
        raise EventRefused("type", "occurred_at", "Field 'occurred_at': no such time") from error
    skew = now - occurred
    return Draft(
        event,
        fields,
        os.urandom(32) if key is None else place.tagger.tag(source, key),
        sha256(raw).digest()[:DIGEST_BYTES],
        _stamp(occurred),
        0 if -SKEW <= skew <= SKEW else round(skew.total_seconds()),
    )


def prepared(
    place: Place, source: str, of: Draft, record: str, now: Moment, key_of: KeyOf
) -> Prepared:
    """The draft under the record id ``record``, ready to be appended.

    Raises:
        EventRefused: it does not fit into a leaf even with its payload committed.
    """
    fields = of.fields
    made, digests = _committed(place, record, fields.hidden, key_of)
    entry = _entry(place, source, of, (record, now, digests, fields))
    if len(entry) > MAX_ENTRY_BYTES:
        whole = Hidden(PAYLOAD, fields.payload or b"{}", subject_of(of.event, "actor", {}))
        made, digests = _committed(place, record, [*fields.hidden, whole], key_of)
        classes = fields.classes | {PAYLOAD: str(Class.INTERNAL)}
        rest = Fields(changes=fields.changes, classes=classes)
        entry = _entry(place, source, of, (record, now, digests, rest))
    if len(entry) > MAX_ENTRY_BYTES:
        larger = "changes" if len(fields.changes or b"") > MAX_ENTRY_BYTES // 2 else "payload"
        raise EventRefused(
            "size",
            larger,
            f"Field '{larger}': with it the event does not fit into {MAX_ENTRY_BYTES} bytes",
        )
    return Prepared(
        log=place.tenant,
        record=record,
        entry=entry,
        hash=leaf_hash(entry),
        moment=now.at,
        tag=of.tag,
        digest=of.digest,
        disclosures=tuple(made),
    )


def _entry(
    place: Place, source: str, of: Draft, told: tuple[str, Moment, list[str], Fields]
) -> bytes:
    event, (record, now, digests, fields) = of.event, told
    same = (source, event.action, event.actor.type, event.resource.type, event.outcome)
    return (place.forms.get(same) or _form(place, same)) % (
        orjson.dumps(event.actor.id),
        _text(fields.changes),
        fields.classes_text,
        NO_CORRELATION if event.correlation is None else _correlation(event.correlation),
        DECISIONS[event.decision],
        record.encode(),
        b2a_base64(of.tag, newline=False).translate(URL_SAFE, b"="),
        of.occurred_at,
        _text(fields.payload),
        now.text,
        orjson.dumps(event.resource.id),
        orjson.dumps(digests) if digests else b"[]",
        event.source_seq or 0,
    )


def _form(place: Place, same: tuple[str, ...]) -> bytes:
    """What the entries of such events have in common: the others' places are left open."""
    source, action, actor, resource, outcome = same
    # In the order of their names: so the bytes are canonical without sorting.
    parts = (
        (b'{"action":', _written(action), b',"actor":{"id":%b,"type":', _written(actor)),
        (b'},"changes":%b,"classification":%b,"correlation":%b,"decision":%b,"id":"%b"',),
        (b',"idempotency":"%b","occurred_at":"%b","outcome":', _written(outcome)),
        (b',"payload":%b,"policy":', _written(place.classifier.digest), b',"received_at":"%b"'),
        (b',"resource":{"id":%b,"type":', _written(resource), b'},"schema":%d,"sd":%%b' % SCHEMA),
        (b',"source":', _written(source), b',"source_seq":%d,"tenant":', _written(place.tenant)),
    )
    made = b"".join(part for some in parts for part in some) + b"}"
    if len(place.forms) < MOST_FORMS:
        place.forms[same] = made
    return made


def _written(word: str) -> bytes:
    return orjson.dumps(word).replace(b"%", b"%%")


def _text(text: bytes | None) -> bytes:
    return b"null" if text is None else orjson.dumps(text.decode())


def _correlation(told: Correlation) -> bytes:
    return orjson.dumps({"causation": told.causation, "request": told.request, "trace": told.trace})


def _stamp(at: datetime) -> bytes:
    # As ``record.stamp``, which takes ten times as long; orjson leaves out a fraction of zero.
    text = orjson.dumps(at)
    return text[1:27] + b"Z" if at.microsecond else text[1:20] + b".000000Z"


def _committed(
    place: Place, record: str, hidden: list[Hidden], key_of: KeyOf
) -> tuple[list[Sealed], list[str]]:
    """The disclosures (see ``log.disclosure``), sealed, and their digests, sorted."""
    made: list[Sealed] = []
    digests: list[str] = []
    if not hidden:
        return made, digests
    noise = os.urandom(len(hidden) * NOISE_BYTES)
    for at, one in enumerate(hidden):
        salt, nonce = noise[NOISE_BYTES * at :][:SALT_BYTES], noise[NOISE_BYTES * at + SALT_BYTES :]
        plain = b'["%b", "%b", %b]' % (_base64(salt), one.path.encode(), one.text)
        text = _base64(plain)
        key, sealer = key_of(one.subject)
        place_ = (place.tenant, place.origin, record, one.path)
        made.append(Sealed(one.path, key, sealer.seal(text, *place_, nonce=nonce[:NONCE_BYTES])))
        digests.append(_base64(sha256(text).digest()).decode())
    digests.sort()  # their order tells nothing about the fields (RFC 9901, 4.2.4.1)
    return made, digests


def _base64(content: bytes) -> bytes:
    return b2a_base64(content, newline=False).translate(URL_SAFE, b"=")
