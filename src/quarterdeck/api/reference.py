"""/swagger, the OpenAPI document behind it, and a page about each problem."""

from html import escape
from importlib.resources import files

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from quarterdeck.kernel.errors import NotFound
from quarterdeck.kernel.work import ANY, Actor, MissingPermission
from quarterdeck.web.deps import By
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import catalogue, status_of, title_of
from quarterdeck.web.routes import Router

router = Router(tags=["reference"])

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
    f'window.onload = () => SwaggerUIBundle({{url: "{DOCUMENT}", dom_id: "#swagger-ui", '
    "validatorUrl: null, deepLinking: true});\n"
)


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
def get_swagger(actor: By) -> HTMLResponse:
    """The API, to read and to try."""
    _require_anyone(actor)
    packed = all((VENDORED / name).is_file() for name in ASSETS)
    return HTMLResponse(_swagger() if packed else _unpacked(), headers=_guarded())


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


@router.get(DOCUMENT, **needs(ANYONE))
def get_openapi(request: Request, actor: By) -> JSONResponse:
    """The API as an OpenAPI document."""
    _require_anyone(actor)
    return JSONResponse(request.app.openapi())


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


def _swagger() -> str:
    head = '<link rel="stylesheet" href="/swagger/swagger-ui.css">'
    scripts = "".join(
        f'<script src="/swagger/{name}"></script>' for name in ("swagger-ui-bundle.js", "start.js")
    )
    return PAGE.format(
        title="Quarterdeck API", head=head, body=f'<div id="swagger-ui"></div>{scripts}'
    )


def _unpacked() -> str:
    body = (
        "<h1>Quarterdeck API</h1><p>Swagger UI is not packed into this installation; "
        "<code>make setup</code> fetches it. The document itself is here: "
        f'<a href="{DOCUMENT}">{DOCUMENT}</a>.</p>'
    )
    return PAGE.format(title="Quarterdeck API", head="", body=body)


def _guarded() -> dict[str, str]:
    return {"Content-Security-Policy": POLICY}
