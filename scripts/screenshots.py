"""Makes the pictures in docs/images from the running console of the demo.

Run by `make screenshots`, which puts the tests' folder on the path for its chromium.
"""

from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from demonstration import running
from servers import chromium

IMAGES = Path(__file__).parents[1] / "docs" / "images"
DESK, PHONE = (1280, 800), (320, 640)

# Name, path, size, colours.
PICTURES = [
    ("console", "/", DESK, "light"),
    ("console-dark", "/", DESK, "dark"),
    ("console-phone", "/", PHONE, "light"),
    ("resources", "/resources", DESK, "light"),
]


def main() -> None:
    """Start a demo, look at each page, keep the picture."""
    with (
        running("demo", "--port", "0", until="Console") as (address, _),
        sync_playwright() as playwright,
        chromium.launched(playwright) as browser,
    ):
        for name, path, size, colours in PICTURES:
            _take(browser, f"{address}{path}", size, colours, IMAGES / f"{name}.png")


def _take(browser: Browser, url: str, size: tuple[int, int], colours: str, file: Path) -> None:
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.goto(url)
    page.wait_for_load_state("load")
    page.screenshot(path=file)
    context.close()
    print(f"{file.relative_to(IMAGES.parents[1])}: {page.url}")


if __name__ == "__main__":
    main()
