"""The console's own files: read once, and named by a hash of them all.

The hash stands in the folder of their address, so that modules can import one another by
relative names and every browser may keep them for a year.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from quarterdeck.web.faults import RouteNotFound
from quarterdeck.web.routes import page_router

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
VENDOR = "vendor"
FOR_EVER = "public, max-age=31536000, immutable"
HASH_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file, as it is and gzipped."""

    body: bytes
    zipped: bytes
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """All files by name; ``version`` changes when any of them does."""

    files: Mapping[str, Asset]
    version: str

    def url(self, name: str) -> str:
        """The address of a file. Raises KeyError where there is none of that name."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def answer(self, request: Request, version: str, name: str) -> Response:
        """The file as a response; also for an old version, which is then not kept."""
        asset = self.files.get(name)
        if asset is None:
            raise RouteNotFound(f"the console has no file {name[:80]!r}")
        headers = {
            "Cache-Control": FOR_EVER if version == self.version else "no-cache",
            "ETag": f'"{self.version}"',
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.zipped, headers=headers, media_type=asset.media_type)
        return Response(asset.body, headers=headers, media_type=asset.media_type)


def load(folder: Path = FOLDER) -> Assets:
    """Read the files below ``folder``, those of others apart."""
    paths = [p for p in sorted(folder.rglob("*")) if p.suffix in TYPES and VENDOR not in p.parts]
    bodies = {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}
    total = hashlib.sha256()
    for name, body in bodies.items():
        total.update(name.encode() + b"\0" + hashlib.sha256(body).digest())
    return Assets(
        files={name: _asset(name, body) for name, body in bodies.items()},
        version=total.hexdigest()[:HASH_DIGITS],
    )


def routes(assets: Assets) -> APIRouter:
    """The route of the files: open to all, since the page to sign in needs them."""
    router = page_router()

    @router.get("/static/{version}/{name:path}")
    def file(request: Request, version: str, name: str) -> Response:
        return assets.answer(request, version, name)

    return router


def _asset(name: str, body: bytes) -> Asset:
    # mtime 0: the same bytes at every start, on every machine.
    return Asset(
        body=body, zipped=gzip.compress(body, mtime=0), media_type=TYPES[Path(name).suffix]
    )
