"""quarterdeck pack: policy data as folders of YAML."""

from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import DONE, FOUND, WRONG_USE, say, show_json, show_table, stop, tell
from quarterdeck.packs import loader, shipped
from quarterdeck.packs.linting import plain
from quarterdeck.packs.model import Grade, UnreadablePack
from quarterdeck.packs.reading import files_of

commands = typer.Typer(
    add_completion=False,
    help="Policy data as folders of YAML.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

HERE = "/api/v1/packs"
Folder = Annotated[
    str, typer.Argument(metavar="PACK", help="A folder with pack.yaml, or a pack by name.")
]


@commands.command("list")
def show_all(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show the packs that come with the product, and what lint says of each."""
    with told():
        found = client_of(context).get(HERE)["packs"]
    if as_json:
        show_json(found)
        return
    counts = ("items", *(grade.value for grade in Grade))
    rows = [
        (one["name"], one["title"], one["version"], *(str(one[key]) for key in counts))
        for one in found
    ]
    show_table(("pack", "title", "version", *counts), rows, "there is none")


@commands.command()
def lint(
    context: typer.Context,
    pack: Folder,
    *,
    installed: Annotated[
        bool,
        typer.Option("--installed", help="Ask the server, which knows what a pack may name."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 also where there are only warnings.")
    ] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Say what is wrong in a pack, with the lines it takes, and what was ruled on it.

    Needs no server. Exits 1 if there is an error, for which the pack would be refused.
    """
    found = _installed(context, pack) if installed else _alone(pack)
    if as_json:
        show_json(found)
    else:
        rows = [(one["grade"], _places(one), _words(one)) for one in found]
        show_table(("grade", "places", "what"), rows, "nothing is wrong")
    wrong = {Grade.ERROR, Grade.WARNING} if strict else {Grade.ERROR}
    raise typer.Exit(FOUND if any(one["grade"] in wrong for one in found) else DONE)


@commands.command()
def diff(context: typer.Context, pack: Folder, *, as_json: flags.AsJson = False) -> None:
    """Show what applying a pack would do. Exits 1 if it would do anything."""
    with told():
        answer = client_of(context).post(f"{HERE}/diff", {"files": _files(pack)})
    _show(answer, as_json=as_json)
    changes = any(d["step"] != "keep" for d in answer["differences"])
    raise typer.Exit(FOUND if changes else DONE)


@commands.command()
def apply(context: typer.Context, pack: Folder, *, as_json: flags.AsJson = False) -> None:
    """Make what stands be as the pack says, all of it or nothing. Twice is once."""
    with told():
        answer = client_of(context).post(f"{HERE}/apply", {"files": _files(pack)})
    _show(answer, as_json=as_json)
    done = [d for d in answer["differences"] if d["step"] != "keep"]
    say(
        f"{answer['pack']} {answer['version']}: {len(done)} of {len(answer['differences'])} changed"
    )


@commands.command()
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made if it is not there.")],
    name: Annotated[str, typer.Option(help="What the pack is called.")] = "exported",
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Write all policy that stands as a pack into DIR; files there are never overwritten."""
    with told():
        files = client_of(context).get(f"{HERE}/export", name=name)["files"]
    there = [file for file in files if (folder / file).exists()]
    if there:
        stop(f"{folder} has {', '.join(there)} already: name another folder", WRONG_USE)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (folder / file).write_text(text)
    words = f"{len(files)} files in {folder}"
    tell(words, {"folder": str(folder), "files": sorted(files)}, as_json=as_json)


def _alone(pack: str) -> list[dict[str, Any]]:
    try:
        return [plain(one) for one in loader.lint(_files(pack))]
    except UnreadablePack as error:
        stop(str(error), FOUND)


def _installed(context: typer.Context, pack: str) -> list[dict[str, Any]]:
    with told():
        answer = client_of(context).post(f"{HERE}/lint", {"files": _files(pack)})
    found: list[dict[str, Any]] = answer["findings"]
    return found


def _places(finding: dict[str, Any]) -> str:
    return ", ".join((finding["place"], *finding["also"]))


def _words(finding: dict[str, Any]) -> str:
    ruling = f" Ruled: {finding['ruling']}" if finding["ruling"] else ""
    return f"{finding['what']}.{ruling}"


def _files(pack: str) -> dict[str, str]:
    folder = Path(pack)
    if not folder.is_dir():
        if pack not in shipped.names():
            there = ", ".join(shipped.names())
            stop(f"no folder {pack}, and no pack of that name; there are {there}", WRONG_USE)
        folder = shipped.FOLDER / pack
    try:
        return files_of(folder)
    except UnreadablePack as error:
        stop(str(error), WRONG_USE)


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(answer)
        return
    rows = [(d["step"], d["kind"], d["name"], d["place"]) for d in answer["differences"]]
    show_table(("step", "kind", "name", "place"), rows, "the pack holds no policy yet")
