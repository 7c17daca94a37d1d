"""The form in which machines that poll read health: that of .NET, as runbook 004 has it."""

from time import monotonic
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from quarterdeck.kernel.health import Entry, Health, Report

TICKS_A_S = 10_000_000  # the unit of .NET's TimeSpan, whose form the entries bear
STARTUP = ("database", "schema", "cache")


class ProbeEntry(BaseModel):
    """One check as probes read it."""

    status: str = Field(examples=["Healthy"])
    description: str
    duration: str = Field(examples=["00:00:00.0123456"])
    exception: str | None = Field(None, description="What went wrong; only when unhealthy.")


class Probe(BaseModel):
    """Checks in the form of runbook 004, topic 3; 200 when healthy or degraded, else 503.

    A registered service that nobody could look at is ``Unknown``, with 503: no verdict is
    made up.
    """

    status: str = Field(examples=["Healthy"])
    total_duration: str = Field(serialization_alias="totalDuration", examples=["00:00:00.1234567"])
    entries: dict[str, ProbeEntry]


UNHEALTHY: dict[int | str, dict[str, Any]] = {503: {"model": Probe, "description": "Unhealthy"}}


def timespan(seconds: float) -> str:
    """``seconds`` as hh:mm:ss.fffffff."""
    whole, ticks = divmod(round(seconds * TICKS_A_S), TICKS_A_S)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{ticks:07}"


def shown(report: Report) -> JSONResponse:
    """A report of checks as probes read it."""
    probe = Probe(
        status=report.status.title(),
        total_duration=timespan(report.duration_s),
        entries={name: _entry(entry) for name, entry in report.entries.items()},
    )
    return sent(probe, 503 if report.status is Health.UNHEALTHY else 200)


def sent(probe: Probe, status: int) -> JSONResponse:
    """``probe`` as an answer that nobody keeps."""
    body = probe.model_dump(by_alias=True, exclude_none=True)
    return JSONResponse(body, status, {"Cache-Control": "no-store"})


def process(request: Request) -> Report:
    """That this process answers."""
    up_s = monotonic() - request.app.state.began
    words = f"settings read, answering for {up_s:.0f} s"
    entry = Entry(status=Health.HEALTHY, description=words)
    return Report(entries={"process": entry}, duration_s=0.0)


def begun(request: Request, report: Report) -> Report:
    """Of all checks, those that say whether an installation has begun."""
    needed = {name: entry for name, entry in report.entries.items() if name in STARTUP}
    return Report(entries={**process(request).entries, **needed}, duration_s=report.duration_s)


def _entry(entry: Entry) -> ProbeEntry:
    unhealthy = entry.status is Health.UNHEALTHY
    return ProbeEntry(
        status=entry.status.title(),
        description=entry.description,
        duration=timespan(entry.duration_s),
        exception=(entry.failure or entry.description) if unhealthy else None,
    )
