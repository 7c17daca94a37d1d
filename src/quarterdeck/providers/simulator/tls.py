"""TLS for a server on loopback: a certificate authority of its own, made at start."""

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")
LIFE = timedelta(days=90)
SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsMaterial:
    """A server's certificate, and the authority that vouches for it.

    Attributes:
        ca_pem: for those who connect. The authority's key is gone: nobody can sign more.
        context: for the server; holds the only copy of its key.
    """

    ca_pem: bytes
    context: ssl.SSLContext


def loopback_tls(now: datetime) -> TlsMaterial:
    """A new authority and a certificate for localhost, 127.0.0.1 and ::1.

    Valid from an hour before ``now``, for clocks that differ, to 90 days after it.
    """
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = authority(ca_key, now)
    certificate = server_certificate(ca, ca_key, key.public_key(), now)
    chain = certificate.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return TlsMaterial(ca_pem=ca.public_bytes(Encoding.PEM), context=server_context(chain))


def authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """A certificate authority that signs itself."""
    me = named("Quarterdeck simulator CA")
    return (
        dated(x509.CertificateBuilder(), now)
        .subject_name(me)
        .issuer_name(me)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(may_sign(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def server_certificate(
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
) -> x509.Certificate:
    """A certificate for this machine's loopback names."""
    names = [x509.DNSName(name) for name in NAMES]
    addresses = [x509.IPAddress(ip_address(address)) for address in ADDRESSES]
    return (
        dated(x509.CertificateBuilder(), now)
        .subject_name(named("Quarterdeck simulator"))
        .issuer_name(ca.subject)
        .public_key(key)
        .add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(may_sign(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, SHA256())
    )


def dated(builder: x509.CertificateBuilder, now: datetime) -> x509.CertificateBuilder:
    """With a serial number and the days between which it holds."""
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFE)
    )


def named(name: str) -> x509.Name:
    """A distinguished name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def may_sign(*, certificates: bool) -> x509.KeyUsage:
    """What a key is for: signing certificates, or handshakes."""
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def server_context(chain: bytes) -> ssl.SSLContext:
    """TLS for a server. OpenSSL reads keys from files alone: this one lives for a moment."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:  # made with mode 0700
        file = Path(folder, "chain.pem")
        file.write_bytes(chain)
        context.load_cert_chain(file)
    return context
