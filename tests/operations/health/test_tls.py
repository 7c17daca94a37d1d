"""How long a certificate lasts is seen by a real handshake."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from quarterdeck.kernel.clock import utc_now
from quarterdeck.operations.health.model.registry import Probe, ProbeKind
from quarterdeck.operations.health.model.state import Outcome, State
from quarterdeck.operations.health.probing.sockets import look

BEGAN = utc_now().replace(microsecond=0) - timedelta(days=1)
ENDS = BEGAN + timedelta(days=365)


def certificate(folder: Path) -> Path:
    """A key and a certificate of its own for ``localhost``, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGAN)
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@asynccontextmanager
async def served(pem: Path) -> AsyncIterator[str]:
    """The address of a server that does nothing but shake hands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = await asyncio.start_server(lambda _, w: w.close(), "localhost", 0, ssl=context)
    async with server:
        yield f"localhost:{server.sockets[0].getsockname()[1]}"


def seen(pem: Path, trust: ssl.SSLContext, now: datetime) -> Outcome:
    async def looked() -> Outcome:
        async with served(pem) as address:
            return await look(Probe(name="tls", kind=ProbeKind.TLS, target=address), trust, now)

    return asyncio.run(looked())


@pytest.mark.parametrize(("left", "state"), [(31, State.HEALTHY), (29, State.DEGRADED)])
def test_a_certificate_is_told_of_thirty_days_before_it_ends(
    tmp_path: Path, left: int, state: State
) -> None:
    pem = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(pem))
    found = seen(pem, trust, ENDS - timedelta(days=left))
    assert (found.state, found.days) == (state, left)
    assert found.detail == f"certificate expires {ENDS:%Y-%m-%d}, in {left} days"


def test_one_that_nobody_trusts_is_down_and_says_why(tmp_path: Path) -> None:
    found = seen(certificate(tmp_path), ssl.create_default_context(), BEGAN)
    assert found.state is State.DOWN
    assert found.detail.startswith("certificate refused: self")
