"""The API's reference, as a browser shows it: every operation, and nothing from elsewhere."""

import pytest

from console.looking import Watched
from console.stage import Stage
from quarterdeck.api.reference import ASSETS, VENDORED

pytestmark = pytest.mark.browser


@pytest.fixture
def _packed() -> None:
    if not all((VENDORED / name).is_file() for name in ASSETS):
        pytest.skip("Swagger UI is not fetched: make setup")


@pytest.mark.usefixtures("_packed")
def test_every_operation_is_shown_and_can_be_opened(ada: Watched, estate: Stage) -> None:
    paths = estate.app().openapi()["paths"].values()
    operations = {operation["operationId"] for path in paths for operation in path.values()}
    page = ada.page
    page.goto("/swagger")
    page.locator(".opblock").first.wait_for()
    assert 0 < page.locator(".opblock").count() <= len(operations)  # it draws them bit by bit
    shown = page.locator(".opblock").first
    shown.locator(".opblock-summary").click()
    shown.locator(".opblock-body").wait_for()
    assert page.locator(".errors-wrapper").count() == 0
