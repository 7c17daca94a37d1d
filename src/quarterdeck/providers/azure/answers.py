"""What Azure's refusals mean: the failure class of each status, its words kept."""

import msgspec

from quarterdeck.governance.sync.ports import CloudFailure, FailureClass
from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure.retry import asked_wait_s, failure
from quarterdeck.providers.azure.transport import Answer, where

MAX_WORDS = 500

CLASSES = {
    400: FailureClass.DATA,
    401: FailureClass.AUTHENTICATION,
    403: FailureClass.AUTHENTICATION,
    404: FailureClass.DATA,
    408: FailureClass.TIMEOUT,
    429: FailureClass.RATE_LIMIT,
    502: FailureClass.TIMEOUT,
    503: FailureClass.TIMEOUT,
    504: FailureClass.TIMEOUT,
}
"""A cloud that is down for the moment (502 to 504) is treated as one that is late: runbook
000, section 3.1, then looks at its status. What is not listed is unknown."""

PASSING = {408, 429}

HINTS = {
    401: "the token was refused",
    403: "the application lacks a role there, such as Reader",
    404: "it does not exist, or the application may not see it",
    429: "too many requests",
}


class ErrorWords(msgspec.Struct, frozen=True):
    """The words of an error; Microsoft REST API guidelines, section 7.10.2."""

    code: str = ""
    message: str = ""


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of an error, as Azure Resource Manager sends it."""

    error: ErrorWords


def refusal(answer: Answer, clock: Clock) -> CloudFailure:
    """The failure that an answer without success is."""
    status = answer.status
    return failure(
        CLASSES.get(status, FailureClass.UNKNOWN),
        f"{where(answer.url)}: {status}, {words(answer)}",
        passing=status in PASSING or status >= 500,  # noqa: PLR2004  5xx: the server's fault
        retry_after_s=asked_wait_s(answer.headers, clock),
        request_id=answer.request_id,
    )


def words(answer: Answer) -> str:
    """Azure's own words where it had any, else ours."""
    try:
        error = msgspec.json.decode(answer.body, type=ErrorBody).error
        said = f"{error.code}: {error.message}".strip(": ")
    except msgspec.DecodeError:
        said = ""
    hint = HINTS.get(answer.status, "")
    return "; ".join(text for text in (hint, said[:MAX_WORDS]) if text) or "without a reason"
