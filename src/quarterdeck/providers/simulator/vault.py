"""The Key Vault of a simulated cloud, keys only: they wrap and unwrap for real (RSA-OAEP-256).

It belongs to the first directory. Its keys last as long as the simulator.
https://learn.microsoft.com/rest/api/keyvault/keys.
"""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator.answers import Refused, json, refusal
from quarterdeck.providers.simulator.estate import Json
from quarterdeck.providers.simulator.faults import FaultKind
from quarterdeck.providers.simulator.gate import Gate
from quarterdeck.providers.simulator.world import World

BITS = 2048
OAEP = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
ALGORITHM = "RSA-OAEP-256"


class Operation(msgspec.Struct, frozen=True):
    """What an operation is asked to do: ``value`` is base64url."""

    alg: str
    value: str


class Attributes(msgspec.Struct, frozen=True):
    """What of a version can be changed here."""

    enabled: bool = True


class Change(msgspec.Struct, frozen=True):
    """A change of a version."""

    attributes: Attributes


@dataclass(slots=True)
class Version:
    """One version of a key."""

    id: str = field(default_factory=lambda: token_hex(16))
    secret: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65_537, key_size=BITS)
    )
    enabled: bool = True


Shape = TypeVar("Shape")
Versions = list[Version]
Do = Callable[[rsa.RSAPrivateKey, bytes], bytes]


class Vault:
    """The keys of one vault, each with its versions, oldest first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gate = Gate(world)
        self._keys: dict[str, Versions] = {}
        self._deleted: dict[str, Versions] = {}

    def routes(self) -> list[Route]:
        """Its addresses, as the true vault has them."""
        return [
            Route("/keys/{name}/create", self.create, methods=["POST"]),
            Route("/keys/{name}/rotate", self.rotate, methods=["POST"]),
            Route("/keys/{name}", self.show),
            Route("/keys/{name}", self.delete, methods=["DELETE"]),
            Route("/deletedkeys/{name}/recover", self.recover, methods=["POST"]),
            Route("/keys/{name}/{version}", self.show),
            Route("/keys/{name}/{version}", self.change, methods=["PATCH"]),
            Route("/keys/{name}/{version}/wrapkey", self.wrap, methods=["POST"]),
            Route("/keys/{name}/{version}/unwrapkey", self.unwrap, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """A key, or a new version of it."""
        await self._admit(request, "create/action")
        versions = self._keys.setdefault(request.path_params["name"], [])
        versions.append(Version())
        return bundle(request, versions[-1])

    async def rotate(self, request: Request) -> Response:
        """A new version of a key that is there."""
        await self._admit(request, "rotate/action")
        versions = self._versions(request)
        versions.append(Version())
        return bundle(request, versions[-1])

    async def show(self, request: Request) -> Response:
        """A version, the newest where none is named."""
        await self._admit(request, "read")
        return bundle(request, self._version(request))

    async def change(self, request: Request) -> Response:
        """Enable or disable a version."""
        await self._admit(request, "update/action")
        found = self._version(request)
        found.enabled = understood(await request.body(), Change).attributes.enabled
        return bundle(request, found)

    async def delete(self, request: Request) -> Response:
        """Delete a key; it can be recovered."""
        await self._admit(request, "delete")
        versions = self._versions(request)
        self._deleted[request.path_params["name"]] = versions
        del self._keys[request.path_params["name"]]
        return bundle(request, versions[-1])

    async def recover(self, request: Request) -> Response:
        """Take back that a key was deleted."""
        await self._admit(request, "recover/action")
        name = request.path_params["name"]
        if name not in self._deleted:
            raise absent(name)
        self._keys[name] = self._deleted.pop(name)
        return bundle(request, self._keys[name][-1])

    async def wrap(self, request: Request) -> Response:
        """Encrypt a key."""
        return await self._operate(
            request, "wrapKey", lambda key, given: key.public_key().encrypt(given, OAEP)
        )

    async def unwrap(self, request: Request) -> Response:
        """Decrypt a key."""
        return await self._operate(
            request, "unwrapKey", lambda key, given: key.decrypt(given, OAEP)
        )

    async def _operate(self, request: Request, verb: str, do: Do) -> Response:
        await self._admit(request, f"{verb.removesuffix('Key')}/action")
        found, asked = self._version(request), understood(await request.body(), Operation)
        if not found.enabled:
            raise Refused(403, "Forbidden", f"Operation {verb} is not allowed on a disabled key.")
        if asked.alg != ALGORITHM:
            raise bad(f"Property has invalid value alg: {asked.alg}")
        try:
            value = do(found.secret, decoded(asked.value))
        except ValueError as error:
            raise bad("The parameter is incorrect.") from error
        return json({"kid": kid(request, found), "value": encoded(value)})

    async def _admit(self, request: Request, action: str) -> None:
        grant = self._gate.vault(request, f"Microsoft.KeyVault/vaults/keys/{action}")
        fault = self._world.faults.strike("keys", grant.tenant)
        if fault is not None and fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
        if fault is not None and (said := refusal(fault, request.url.path)):
            raise said

    def _versions(self, request: Request) -> Versions:
        name = request.path_params["name"]
        if name not in self._keys:
            raise absent(name)
        return self._keys[name]

    def _version(self, request: Request) -> Version:
        versions, wanted = self._versions(request), request.path_params.get("version", "")
        for one in reversed(versions):
            if wanted in ("", one.id):
                return one
        raise absent(f"{request.path_params['name']}/{wanted}")


def bundle(request: Request, version: Version) -> Response:
    """A version as the vault shows it: never its private part."""
    numbers = version.secret.public_key().public_numbers()
    key: Json = {
        "kid": kid(request, version),
        "kty": "RSA",
        "key_ops": ["wrapKey", "unwrapKey"],
        "n": encoded(numbers.n.to_bytes(BITS // 8, "big")),
        "e": encoded(numbers.e.to_bytes(3, "big")),
    }
    return json({"key": key, "attributes": {"enabled": version.enabled}})


def kid(request: Request, version: Version) -> str:
    """The address of a version."""
    base = f"{request.url.scheme}://{request.url.netloc}"
    return f"{base}/keys/{request.path_params['name']}/{version.id}"


def understood(body: bytes, shape: type[Shape]) -> Shape:
    """The body of a request."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise bad(str(error)) from error


def bad(words: str) -> Refused:
    """What was asked makes no sense."""
    return Refused(400, "BadParameter", words)


def absent(name: str) -> Refused:
    """There is no such key, in the words of the vault."""
    return Refused(
        404,
        "KeyNotFound",
        f"A key with (name/id) {name} was not found in this key vault. If you recently deleted this"
        " key you may be able to recover it using the correct recovery command.",
    )


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """What base64url says; raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
