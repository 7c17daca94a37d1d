"""quarterdeck contact: whom to reach, by what, and how soon they answer."""

from typing import Annotated, Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import Client, CliProblem, address, client_of, told
from quarterdeck.cli.output import WRONG_USE, show_json, show_table, stop, tell

HERE = "/api/v1/contacts"
NONE = "there is no contact: quarterdeck contact set NAME --title TITLE --channel mail=ADDRESS"
NOT_THERE = "no contact"

commands = typer.Typer(
    add_completion=False,
    help="Whom to reach, by what, and how soon they answer.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Name = Annotated[str, typer.Argument(metavar="CONTACT", help="Its name.")]
Many = list[str] | None
Section = Annotated[
    str | None,
    typer.Option(help="on-call, escalation, expert, stakeholder, vendor or customer."),
]


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    section: Section = None,
    level: Annotated[int | None, typer.Option(help="Only of this level.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show the directory."""
    with told():
        asked = {"tenant": tenant, "section": section, "level": level}
        found = client_of(context).rows(HERE, "contacts", **asked)
    _show(found, as_json=as_json)


@commands.command()
def suggest(
    context: typer.Context,
    about: Annotated[list[str], typer.Argument(help="Words, as an alert's labels have them.")],
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show who knows about something."""
    with told():
        found = client_of(context).get(f"{HERE}/suggested", tenant=tenant, about=about)
    _show(found["contacts"], as_json=as_json)


@commands.command()
def show(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show a contact: every way to reach them, and what to know."""
    with told():
        found = client_of(context).get(_path(tenant, name))
    if as_json:
        show_json(found)
        return
    rows = [(key, text) for key, text in _lines(found) if text]
    show_table(("what", "says"), rows, NONE)


@commands.command("set")
def put(
    context: typer.Context,
    name: Name,
    *,
    title: Annotated[str | None, typer.Option(help="Who they are, for people.")] = None,
    section: Section = None,
    level: Annotated[int | None, typer.Option(help="Of escalation, 1 to 9; 0: of none.")] = None,
    channels: Annotated[
        Many, typer.Option("--channel", metavar="MEANS=ADDRESS", help="Repeat it; first is best.")
    ] = None,
    responds: Annotated[
        int | None, typer.Option("--responds-in-min", help="What they promise; 0: nothing.")
    ] = None,
    coverage: Annotated[str | None, typer.Option(help="As 24/7.")] = None,
    topics: Annotated[Many, typer.Option("--topic", help="What they know about.")] = None,
    tenants: Annotated[Many, typer.Option("--customer-of", help="Tenants that are theirs.")] = None,
    critical_only: Annotated[
        bool | None, typer.Option("--critical-only/--for-all", help="Call them for less?")
    ] = None,
    note: Annotated[str | None, typer.Option(help="What to know.")] = None,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Enter a contact, or change what is said of it; the rest stays."""
    said: dict[str, Any] = {
        "title": title,
        "section": section,
        "level": level,
        "channels": None if channels is None else [_channel(one) for one in channels],
        "responds_in_min": responds,
        "coverage": coverage,
        "topics": topics,
        "tenants": tenants,
        "critical_only": critical_only,
        "note": note,
    }
    given = {key: value for key, value in said.items() if value is not None}
    if responds == 0:
        given["responds_in_min"] = None
    with told():
        client = client_of(context)
        spec, version = _standing(client, tenant, name)
        path = f"{_path(tenant, name)}?expected_version={version}"
        done = client.put(path, {"section": "stakeholder"} | spec | given)
    tell(f"contact {name} is at version {done['version']}", done, as_json=as_json)


@commands.command()
def delete(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Take a contact out of the directory."""
    if not yes:
        typer.confirm(f"Delete contact {name}?", abort=True, err=True)
    with told():
        client_of(context).delete(_path(tenant, name))
    tell(f"contact {name} is deleted", {"contact": name}, as_json=as_json)


def _standing(client: Client, tenant: str, name: str) -> tuple[dict[str, Any], int]:
    """What is said of a contact, and its version; 0: it is not there yet."""
    try:
        found = client.get(_path(tenant, name))
    except CliProblem as problem:
        if NOT_THERE not in str(problem):
            raise
        return {}, 0
    about = ("tenant", "name", "version", "by", "at")
    return {key: value for key, value in found.items() if key not in about}, found["version"]


def _show(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["tenant"],
            one["name"],
            one["section"],
            str(one["level"] or ""),
            one["title"],
            _reached(one["channels"][0]),
            _promised(one),
        )
        for one in found
    ]
    columns = ("tenant", "contact", "section", "level", "who", "first by", "answers within")
    show_table(columns, rows, NONE)


def _lines(one: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("who", one["title"]),
        ("section", one["section"]),
        ("level", str(one["level"] or "")),
        *((channel["means"], _address(channel)) for channel in one["channels"]),
        ("answers within", _promised(one)),
        ("coverage", one["coverage"]),
        ("knows about", ", ".join(one["topics"])),
        ("customer of", ", ".join(one["tenants"])),
        ("called", "for critical incidents only" if one["critical_only"] else ""),
        ("note", one["note"]),
    ]


def _promised(one: dict[str, Any]) -> str:
    return f"{one['responds_in_min']} min" if one["responds_in_min"] else ""


def _reached(channel: dict[str, str]) -> str:
    return f"{channel['means']} {_address(channel)}"


def _address(channel: dict[str, str]) -> str:
    return f"{channel['address']} ({channel['note']})" if channel["note"] else channel["address"]


def _channel(said: str) -> dict[str, str]:
    means, found, address = said.partition("=")
    if not found:
        stop(f"--channel {said}: expected MEANS=ADDRESS, as mail=ada@example.com", WRONG_USE)
    return {"means": means.strip(), "address": address.strip()}


def _path(tenant: str, name: str) -> str:
    return address(HERE, tenant, name)
