"""What the documents say can be followed: every link, every command."""

import shlex
from typing import Any

import pytest
import typer

from pages import ROOT, Page, pages
from quarterdeck.cli.main import build_cli

COMMANDS = sorted({words.strip() for page in pages() for words in page.commands()})


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Page) -> None:
    assert [link for link in page.links() if not _leads_somewhere(page, link)] == []


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_shown_in_a_document_is_one_that_quarterdeck_understands(words: str) -> None:
    _understand(
        typer.main.get_command(build_cli(_nothing)), "quarterdeck", shlex.split(words), None
    )


def test_the_documents_show_commands() -> None:
    assert len(COMMANDS) >= 5


def _leads_somewhere(page: Page, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.path.parent / path).resolve() if path else page.path
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in Page(target).anchors()


def _understand(command: Any, name: str, words: list[str], parent: Any) -> None:  # noqa: ANN401  typer keeps its types to itself
    """Parse ``words`` as ``command`` would, without running it; a word it does not know raises."""
    context = command.make_context(name, words, parent=parent)
    rest = [*context._protected_args, *context.args]  # noqa: SLF001  nothing public tells them
    if hasattr(command, "resolve_command") and rest:
        inner, command_found, after = command.resolve_command(context, rest)
        _understand(command_found, inner, after, context)


def _nothing() -> None:
    """Stands for what starts an installation: parsing never does."""
