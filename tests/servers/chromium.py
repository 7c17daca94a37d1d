"""The system's chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def missing() -> str:
    """Why there can be no browser here; "" if there can."""
    return "" if _program() else "needs a chromium (Debian: chromium)"


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """A browser that speaks to nobody but the pages under test."""
    browser = playwright.chromium.launch(executable_path=_program(), args=list(QUIET))
    try:
        yield browser
    finally:
        browser.close()


def _program() -> str | None:
    return next(filter(None, map(which, NAMES)), None)
