"""The API's reference, as a browser shows it: every operation, and nothing from elsewhere."""

import pytest

from console.looking import Watched
from console.stage import Stage
from quarterdeck.api.reference import ASSETS, VENDORED
from quarterdeck.api.sections import section_of, sections

pytestmark = pytest.mark.browser


@pytest.fixture
def _packed() -> None:
    if not all((VENDORED / name).is_file() for name in ASSETS):
        pytest.skip("Swagger UI is not fetched: make setup")


@pytest.mark.usefixtures("_packed")
def test_every_section_is_shown_and_its_operations_can_be_opened(
    ada: Watched, estate: Stage
) -> None:
    document = estate.app().openapi()
    page = ada.page
    page.goto("/swagger")
    page.locator(".opblock").first.wait_for()
    assert page.locator("nav a").all_inner_texts() == sections(document)
    page.locator("nav a", has_text="tenants").click()
    page.locator(".opblock-tag[data-tag=tenants]").wait_for()
    paths = section_of(document, "tenants")["paths"].values()
    assert page.locator(".opblock").count() == sum(len(path) for path in paths) > 0
    shown = page.locator(".opblock").first
    shown.locator(".opblock-summary").click()
    shown.locator(".opblock-body").wait_for()
    assert page.locator(".errors-wrapper").count() == 0
