"""What Azure's refusals mean: the failure class of each status, its words kept."""

import re

import msgspec

from quarterdeck.governance.cloud.ports import CloudFailure, Denied, FailureClass, Outdated
from quarterdeck.kernel.clock import Clock
from quarterdeck.providers.azure.retry import asked_wait_s, failure
from quarterdeck.providers.azure.transport import Answer, where

MAX_WORDS = 500

CLASSES = {
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
    403: "the application may not read this",
    404: "it does not exist, or the application may not see it",
    429: "too many requests",
}


BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, GONE = 400, 401, 403, 404, 410

ANEW = {"resyncrequired", "syncstatenotfound"}
"""Codes, in lower case, that a mark of changes is refused with: with 410, or with 400 once it
is older than seven days (Microsoft Graph, "delta query", token duration)."""

DENIED_BY_401 = {"RBACAccessDenied"}
"""Cost Management's word for a missing role, which it says with 401."""

NO_LICENCE = {"Authentication_RequestFromNonPremiumTenantOrB2CTenant", "AadPremiumLicenseRequired"}
LICENCE = re.compile(r"premium licen[cs]e|requires .{0,40}P[12]\b", re.IGNORECASE)
ACTION = re.compile(r"action '([^']+)'")


class ErrorWords(msgspec.Struct, frozen=True):
    """The words of an error; Microsoft REST API guidelines, section 7.10.2."""

    code: str = ""
    message: str = ""


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of an error, as Azure Resource Manager sends it."""

    error: ErrorWords


class NotUnderstood(CloudFailure):
    """The cloud does not know what was asked, or not in this form: 400."""


class NotThere(CloudFailure):
    """There is no such thing, or none that may be seen: 404."""


def refusal(answer: Answer, clock: Clock, needs: str) -> CloudFailure:
    """The failure that an answer without success is; ``needs``: what allows to read it."""
    status, said = answer.status, error_of(answer)
    message = f"{where(answer.url)}: {status}, {words(said, status)}"
    if denies(status, said):
        return Denied(message, missing=missing(said, needs), request_id=answer.request_id)
    if status == GONE or said.code.casefold() in ANEW:
        return Outdated(FailureClass.DATA, message, request_id=answer.request_id)
    if status == BAD_REQUEST:
        return NotUnderstood(FailureClass.DATA, message, request_id=answer.request_id)
    if status == NOT_FOUND:
        return NotThere(CLASSES[status], message, request_id=answer.request_id)
    return failure(
        CLASSES.get(status, FailureClass.UNKNOWN),
        message,
        passing=status in PASSING or status >= 500,  # noqa: PLR2004  5xx: the server's fault
        retry_after_s=asked_wait_s(answer.headers, clock),
        request_id=answer.request_id,
    )


def denies(status: int, said: ErrorWords) -> bool:
    """Whether the token is good, and yet does not do."""
    return status == FORBIDDEN or (status == UNAUTHORIZED and said.code in DENIED_BY_401)


def missing(said: ErrorWords, needs: str) -> str:
    """What would do: a licence where that is what the cloud misses, else ``needs``.

    The action that Azure Resource Manager names is added: a custom role needs it to the letter.
    """
    if said.code in NO_LICENCE or LICENCE.search(said.message):
        return "Microsoft Entra ID P1 licence"
    action = ACTION.search(said.message)
    return f"{needs} ({action.group(1)})" if action else needs


def error_of(answer: Answer) -> ErrorWords:
    """The error that a body tells; empty where it tells none."""
    try:
        return msgspec.json.decode(answer.body, type=ErrorBody).error
    except msgspec.DecodeError:
        return ErrorWords()


def words(said: ErrorWords, status: int) -> str:
    """Azure's own words where it had any, else ours."""
    text = f"{said.code}: {said.message}".strip(": ")[:MAX_WORDS]
    return "; ".join(part for part in (HINTS.get(status, ""), text) if part) or "without a reason"
