"""How someone likes the console: kept in cookies, chosen by plain forms."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse

from quarterdeck.web.routes import page_router

THEMES = ("auto", "light", "dark", "contrast")
DENSITIES = ("comfortable", "compact")
A_YEAR_S = 365 * 24 * 3600
SEE_OTHER = 303  # RFC 9110, 15.4.4: get the answer to this POST elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Theme and density; ``auto`` follows the system."""

    theme: str
    density: str


def of(request: Request) -> Preferences:
    """What the browser's cookies say; the first choice where they say nothing known."""
    return Preferences(
        theme=_one_of(THEMES, request.cookies.get("theme")),
        density=_one_of(DENSITIES, request.cookies.get("density")),
    )


def back_to(address: str) -> str:
    """``address`` if it lies on this site, else the first page: nobody is sent elsewhere."""
    # Browsers drop tabs and line ends from an address, and read a backslash as a slash.
    plain = address.isprintable() and "\\" not in address
    return address if plain and address.startswith("/") and not address.startswith("//") else "/"


def routes() -> APIRouter:
    """Where the forms go. Open to all: a cookie of one's own browser is no secret."""
    router = page_router()

    @router.post("/preferences")
    def prefer(
        request: Request,
        theme: Annotated[str, Form()] = "",
        density: Annotated[str, Form()] = "",
        back: Annotated[str, Form()] = "/",
    ) -> RedirectResponse:
        answer = RedirectResponse(back_to(back), SEE_OTHER)
        for name, value, known in (("theme", theme, THEMES), ("density", density, DENSITIES)):
            if value in known:
                answer.set_cookie(
                    name,
                    value,
                    max_age=A_YEAR_S,
                    httponly=True,
                    samesite="lax",
                    secure=request.url.scheme == "https",
                )
        return answer

    return router


def _one_of(known: tuple[str, ...], value: str | None) -> str:
    return value if value in known else known[0]
