"""/jobs: what a person does with running work."""

from typing import Annotated

from fastapi import Form
from starlette.responses import RedirectResponse

from quarterdeck.console.frame import see
from quarterdeck.console.preferences import back_to
from quarterdeck.kernel.ids import JobId
from quarterdeck.kernel.jobs import service as jobs
from quarterdeck.web.deps import InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.routes import page_router

router = page_router()


@router.post("/jobs/{job}/cancel", **needs("jobs:cancel"))
def cancel(job: str, work: InWork, back: Annotated[str, Form()] = "/") -> RedirectResponse:
    """Ask a job to stop; its row says so until it has."""
    jobs.cancel(work, JobId(job))
    return see(back_to(back))
