"""OTLP logs in protobuf, read as the JSON that the same request would be.

The wire format is four kinds of value (protobuf.dev, "Encoding"), and the messages are few
(opentelemetry-proto, ``logs/v1`` and ``common/v1``): a general library would be a hundred times
what is needed here. A field that is not known is passed over, as the format asks.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from struct import unpack_from
from typing import Any

from quarterdeck.trail.ingest.refusal import EventRefused

Json = dict[str, Any]
Read = Callable[[Any, int], Any]
Members = Mapping[int, tuple[str, int, Read]]
"""By number: the name (``[]``: a list), the kind on the wire, and how the value is read."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIDTHS = {FIXED64: ("<Q", 8), FIXED32: ("<I", 4)}
MAX_VARINT_BYTES, SIGN, WHOLE = 10, 1 << 63, 1 << 64
MAX_NESTED = 32


def request_of(body: bytes) -> Json:
    """An ExportLogsServiceRequest as its JSON form.

    Raises:
        EventRefused: it is none, or nests too deep.
    """
    try:
        found: Json = _message(body, REQUEST, 0)
    except (ValueError, IndexError, TypeError) as error:
        raise EventRefused("schema", "", f"the body is no protobuf: {error}") from error
    return found


def response_of(rejected: int, words: str) -> bytes:
    """An ExportLogsServiceResponse; empty where nothing was refused."""
    if not rejected:
        return b""
    text = words.encode()
    inner = b"\x08" + _varint(rejected) + b"\x12" + _varint(len(text)) + text
    return b"\x0a" + _varint(len(inner)) + inner


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004  seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _fields(body: bytes) -> Iterator[tuple[int, int, Any]]:
    """Number, kind and value of each field."""
    at = 0
    value: Any
    while at < len(body):
        key, at = _number(body, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _number(body, at)
        elif kind in WIDTHS:
            form, width = WIDTHS[kind]
            value, at = body[at : at + width], at + width
            _whole(value, width)
            value = unpack_from(form, value)[0]
        elif kind == BYTES:
            length, at = _number(body, at)
            value, at = body[at : at + length], at + length
            _whole(value, length)
        else:
            raise ValueError(f"a field of kind {kind}")
        yield key >> 3, kind, value


def _number(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(MAX_VARINT_BYTES):
        byte = body[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value % WHOLE, at + place + 1
    raise ValueError("a number of more than ten bytes")


def _whole(value: bytes, length: int) -> None:
    if len(value) != length:
        raise ValueError("it ends amid a field")


def _message(body: Any, members: Members, depth: int) -> Json:  # noqa: ANN401  bytes
    """The members that are known; a name that ends in ``[]`` is a list."""
    if depth > MAX_NESTED * 3:
        raise EventRefused("size", "", f"a value nests at most {MAX_NESTED} deep")
    found: Json = {}
    for number, kind, value in _fields(body):
        if number not in members:
            continue
        name, expected, read = members[number]
        if kind != expected:
            raise ValueError(f"{name.removesuffix('[]')} is of another kind")
        told = read(value, depth + 1)
        if name.endswith("[]"):
            found.setdefault(name[:-2], []).append(told)
        else:
            found[name] = told
    return found


def _text(value: bytes, _depth: int) -> str:
    return value.decode()


def _plain(value: int, _depth: int) -> int:
    return value


def _truth(value: int, _depth: int) -> bool:
    return value != 0


def _signed(value: int, _depth: int) -> str:
    return str(value - WHOLE if value >= SIGN else value)


def _double(value: int, _depth: int) -> float:
    number: float = unpack_from("<d", value.to_bytes(8, "little"))[0]
    return number


def _hex(value: bytes, _depth: int) -> str:
    return value.hex()


def _base64(value: bytes, _depth: int) -> str:
    return b64encode(value).decode()


def _digits(value: int, _depth: int) -> str:
    return str(value)


def _of(members: Members) -> Read:
    return lambda body, depth: _message(body, members, depth)


VALUE: dict[int, tuple[str, int, Read]] = {
    1: ("stringValue", BYTES, _text),
    2: ("boolValue", VARINT, _truth),
    3: ("intValue", VARINT, _signed),
    4: ("doubleValue", FIXED64, _double),
    7: ("bytesValue", BYTES, _base64),
}
PAIR: Members = {1: ("key", BYTES, _text), 2: ("value", BYTES, _of(VALUE))}
VALUE[5] = ("arrayValue", BYTES, _of({1: ("values[]", BYTES, _of(VALUE))}))
VALUE[6] = ("kvlistValue", BYTES, _of({1: ("values[]", BYTES, _of(PAIR))}))
RECORD: Members = {
    1: ("timeUnixNano", FIXED64, _digits),
    2: ("severityNumber", VARINT, _plain),
    3: ("severityText", BYTES, _text),
    5: ("body", BYTES, _of(VALUE)),
    6: ("attributes[]", BYTES, _of(PAIR)),
    9: ("traceId", BYTES, _hex),
    10: ("spanId", BYTES, _hex),
    11: ("observedTimeUnixNano", FIXED64, _digits),
    12: ("eventName", BYTES, _text),
}
SCOPES: Members = {2: ("logRecords[]", BYTES, _of(RECORD))}
RESOURCE: Members = {1: ("attributes[]", BYTES, _of(PAIR))}
RESOURCES: Members = {1: ("resource", BYTES, _of(RESOURCE)), 2: ("scopeLogs[]", BYTES, _of(SCOPES))}
REQUEST: Members = {1: ("resourceLogs[]", BYTES, _of(RESOURCES))}
