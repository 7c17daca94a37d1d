"""Problems as a browser shows them: what happened, and what to do."""

from urllib.parse import quote, urlsplit

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from quarterdeck.console import preferences
from quarterdeck.console.frame import see
from quarterdeck.console.preferences import back_to
from quarterdeck.web.problems import Problem

FOR_PROGRAMS = ("/api/", "/health", "/metrics", "/static/")
UNAUTHENTICATED = 401
ADVICE = {
    401: "Begin again at the sign-in page.",
    403: "Ask who looks after the tenant for that right. The refusal was recorded.",
    404: "It may have been removed, or belong to a tenant that you may not see.",
    409: "Go back and load the page again: it shows how things stand now.",
    413: "Send less at once.",
    422: "Go back, and change what is named above.",
    429: "Wait a moment, then try again.",
    500: "The log has it under the request id below; give that to who runs this installation.",
    503: "Wait a moment, then try again. What you did before is safe.",
}
OTHERWISE = "Go back and try again."


def problem_page(request: Request, problem: Problem) -> Response | None:
    """The page for ``problem``; None where a program asked, so that it gets its document."""
    if request.url.path.startswith(FOR_PROGRAMS):
        return None
    if problem.status == UNAUTHENTICATED and not request.url.path.startswith("/sign-in"):
        return see(f"/sign-in?then={quote(_wanted(request), safe='')}")
    page = request.app.state.console.get_template("pages/problem.html")
    text = page.render(
        problem=problem,
        advice=ADVICE.get(problem.status, OTHERWISE),
        back=_back(request),
        preferences=preferences.of(request),
    )
    return HTMLResponse(text, problem.status, {"Cache-Control": "no-store"})


def _wanted(request: Request) -> str:
    if request.method != "GET":
        return _back(request) or "/"
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _back(request: Request) -> str:
    try:
        referer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if referer.netloc != request.headers.get("host", ""):
        return ""
    before = f"{referer.path}?{referer.query}" if referer.query else referer.path
    return "" if before == request.url.path else back_to(before)
