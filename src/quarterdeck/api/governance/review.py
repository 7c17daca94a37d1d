"""/api/v1/review: the daily review of runbook 000, section 1.2."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from quarterdeck.api.governance.policies import InPolicies
from quarterdeck.web.deps import InRead, Installation
from quarterdeck.web.permissions import needs
from quarterdeck.web.review import Line, Verdict, overall, review
from quarterdeck.web.routes import api_router

router = api_router(prefix="/review", tags=["review"])


class LineBody(BaseModel):
    """One check of the review."""

    check: str
    expected: str
    verdict: Verdict
    word: str = Field(description="current, stale, not known, or what the verdict means here.")
    detail: str
    since: datetime | None
    action: str = Field(description="What to do if it fails.")
    trigger: str | None = Field(description="POST here triggers the sync; null: nothing does.")
    path: str = Field(description="Where the console shows more.")

    @classmethod
    def of(cls, line: Line) -> Self:
        return cls(
            check=line.check,
            expected=line.expected,
            verdict=line.verdict,
            word=line.word,
            detail=line.detail,
            since=line.since,
            action=line.act,
            trigger=f"/api/v1/sync/{line.sync}" if line.sync else None,
            path=line.path,
        )


class Review(BaseModel):
    """The six checks, and what they say together."""

    verdict: Verdict = Field(description="fail if one failed; not_known if one is not known.")
    checks: list[LineBody]


@router.get("", **needs("access:ask"))
def get_review(work: InRead, runtime: Installation, known: InPolicies) -> Review:
    """The daily review: whatever of it one may see; the rest is not known."""
    work.tenants("access:ask")
    lines = review(work, runtime, known)
    return Review(verdict=overall(lines), checks=[LineBody.of(line) for line in lines])
