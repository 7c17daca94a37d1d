"""OTLP in protobuf: what the protocol's own library wrote is read, and anything else refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.trail.ingest import otlp
from quarterdeck.trail.ingest.protobuf import request_of, response_of
from quarterdeck.trail.ingest.refusal import EventRefused

WRITTEN = bytes.fromhex(
    "0aaf020a1c0a1a0a0c736572766963652e6e616d65120a0a08636865636b6f7574128e020a050a036170701284"
    "0209154de3294567981810091a04494e464f2a2b32290a120a05746f74616c12092100000000000029400a130a"
    "0474616773120b2a090a030a01610a02100132130a0a656e64757365722e696412050a03752d31321e0a136175"
    "6469742e7265736f757263652e7479706512070a056f72646572321a0a1161756469742e7265736f757263652e"
    "696412050a036f2d3932140a05636f756e74120b18fdffffffffffffffff01320c0a04626c6f6212043a0200ff"
    "32160a0e6c6f672e7265636f72642e75696412040a026b3145010000004a10000102030405060708090a0b0c0d"
    "0e0f5208000102030405060759004a225e45679818620d6f72646572733a637265617465"
)
"""By opentelemetry-proto's own Python classes; it has every kind of value and an unused field."""

REFUSED = bytes.fromhex("0a0808ac021203776879")
"""An ExportLogsServiceResponse by the same: 300 rejected, "why"."""


def test_a_request_is_read_as_its_json() -> None:
    (found,) = otlp.records_of(request_of(WRITTEN))
    event = found.event
    assert not isinstance(event, EventRefused)
    assert event is not None
    assert (found.key, event.action, event.actor.id) == ("k1", "orders:create", "u-1")
    assert (event.resource.type, event.resource.id) == ("order", "o-9")
    assert event.occurred_at.isoformat() == "2026-02-28T12:00:00.123456+00:00"
    assert event.correlation is not None
    assert event.correlation.trace == bytes(range(16)).hex()
    assert json.loads(bytes(event.payload)) == {
        "attributes": {"count": -3, "blob": "AP8="},
        "body": {"total": 12.5, "tags": ["a", True]},
        "resource": {"service.name": "checkout"},
        "severity": "INFO",
    }


def test_an_answer_is_as_the_protocols_own_library_writes_it() -> None:
    assert response_of(300, "why") == REFUSED
    assert response_of(0, "") == b""


@pytest.mark.parametrize("cut", range(1, len(WRITTEN), 7))
def test_a_request_that_was_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(EventRefused, match="no protobuf"):
        request_of(WRITTEN[:cut])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    with suppress(EventRefused):
        otlp.records_of(request_of(body))


@given(st.integers(0, len(WRITTEN) - 1), st.integers(0, 255))
def test_a_request_with_one_byte_changed_is_a_request_or_refused(at: int, byte: int) -> None:
    changed = bytearray(WRITTEN)
    changed[at] = byte
    with suppress(EventRefused):
        otlp.records_of(request_of(bytes(changed)))


def test_a_value_that_nests_without_end_is_refused() -> None:
    value = b""
    for _ in range(3000):
        inner = b"\x0a" + _length(value)
        value = b"\x2a" + _length(inner)
    body = value
    for field in (b"\x2a", b"\x12", b"\x12", b"\x0a"):
        body = field + _length(body)
    with pytest.raises(EventRefused, match="nests at most 32"):
        request_of(body)


def _length(content: bytes) -> bytes:
    size, out = len(content), bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    return bytes(out) + bytes([size]) + content
