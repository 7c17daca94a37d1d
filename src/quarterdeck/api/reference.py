"""/swagger, the OpenAPI document behind it, and a page about each problem."""

from html import escape
from importlib.resources import files
from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from quarterdeck.api.sections import section_of, sections
from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.work import ANY, Actor, MissingPermission
from quarterdeck.web.deps import By
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import catalogue, problems, status_of, title_of
from quarterdeck.web.routes import Router

router = Router(tags=["reference"])

Section = Annotated[str, Query(max_length=100, description="Of one section alone.")]

DOCUMENT = "/api/v1/openapi.json"
ANYONE = "access:ask"  # held by everybody who holds anything
VENDORED = files("quarterdeck.console") / "static" / "vendor"
ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}
# Swagger UI sets styles from script; its page alone may. Still nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
START = (
    'const section = encodeURIComponent(document.querySelector("[aria-current]").textContent);\n'
    f'window.onload = () => SwaggerUIBundle({{url: "{DOCUMENT}?section=" + section, '
    'dom_id: "#swagger-ui", validatorUrl: null, deepLinking: true});\n'
)


class NoSuchSection(NotFound):
    """No operation of the API is in this section."""


class NoSuchProblem(NotFound):
    """No problem bears this name."""


class NotPacked(NotFound):
    """The file is no part of this installation."""


PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">{head}</head>
<body>{body}</body></html>
"""


@router.get("/swagger", response_class=HTMLResponse, **needs(ANYONE))
@router.get(
    "/api/v1/swagger", response_class=HTMLResponse, include_in_schema=False, **needs(ANYONE)
)
def get_swagger(request: Request, actor: By, section: Section = "") -> HTMLResponse:
    """The API, to read and to try: one section at a time, the first where no such is named."""
    _require_anyone(actor)
    known = sections(request.app.openapi())
    packed = all((VENDORED / name).is_file() for name in ASSETS)
    body = _swagger(known, section if section in known else known[0]) if packed else _unpacked()
    return HTMLResponse(body, headers=_guarded())


@router.get("/swagger/{asset}", response_class=Response, **needs(ANYONE))
def get_swagger_asset(actor: By, asset: str) -> Response:
    """What the page at /swagger is made of."""
    _require_anyone(actor)
    if asset == "start.js":
        return Response(START, media_type="text/javascript")
    file = VENDORED / asset
    if asset not in ASSETS or not file.is_file():
        raise NotPacked(f"{asset[:80]} is no part of this installation")
    return Response(file.read_bytes(), media_type=ASSETS[asset])


@router.get(DOCUMENT, responses=problems(404), **needs(ANYONE))
def get_openapi(request: Request, actor: By, section: Section = "") -> JSONResponse:
    """The API as an OpenAPI document; of one section, where that is named."""
    _require_anyone(actor)
    document = request.app.openapi()
    if section and section not in sections(document):
        raise NoSuchSection(
            f"no section {section[:80]}; there are: {', '.join(sections(document))}"
        )
    return JSONResponse(section_of(document, section) if section else document)


@router.get("/problems/{name}", response_class=HTMLResponse)
def get_problem(name: str) -> HTMLResponse:
    """What a problem's `type` means: the page that it leads to."""
    kind = catalogue().get(name)
    if kind is None:
        raise NoSuchProblem(f"no problem {name[:80]}; docs/reference/problems.md lists them")
    text = "".join(f"<p>{escape(part)}</p>" for part in (kind.__doc__ or "").split("\n\n")[:1])
    body = f"<h1>{kind.__name__}</h1>{text}<p>HTTP status {status_of(kind)}.</p>"
    return HTMLResponse(PAGE.format(title=escape(title_of(kind)), head="", body=body))


def _require_anyone(actor: Actor) -> None:
    if not any(held == ANYONE for held, _ in actor.grants):
        raise MissingPermission(ANYONE, ANY)


def _swagger(known: list[str], shown: str) -> str:
    head = '<link rel="stylesheet" href="/swagger/swagger-ui.css">'
    scripts = "".join(
        f'<script src="/swagger/{name}"></script>' for name in ("swagger-ui-bundle.js", "start.js")
    )
    links = " ".join(_link(name, current=name == shown) for name in known)
    body = f'<nav class="swagger-ui wrapper">{links}</nav><div id="swagger-ui"></div>{scripts}'
    return PAGE.format(title="Quarterdeck API", head=head, body=body)


def _link(section: str, *, current: bool) -> str:
    here = ' aria-current="page" style="font-weight: bold"' if current else ""
    return f'<a href="?section={quote(section)}"{here}>{escape(section)}</a>'


def _unpacked() -> str:
    body = (
        "<h1>Quarterdeck API</h1><p>Swagger UI is not packed into this installation; "
        "<code>make setup</code> fetches it. The document itself is here: "
        f'<a href="{DOCUMENT}">{DOCUMENT}</a>.</p>'
    )
    return PAGE.format(title="Quarterdeck API", head="", body=body)


def _guarded() -> dict[str, str]:
    return {"Content-Security-Policy": POLICY}
