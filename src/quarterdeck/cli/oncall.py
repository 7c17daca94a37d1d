"""quarterdeck oncall: who answers when."""

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from quarterdeck.cli import flags, oncall_handoff
from quarterdeck.cli.client import address, client_of, told
from quarterdeck.cli.oncall_alert import by_alert
from quarterdeck.cli.output import FOUND, WRONG_USE, say, show_json, show_table, stop, tell

HERE = "/api/v1/oncall"
NONE = "there is no schedule: quarterdeck oncall apply NAME FILE"

commands = typer.Typer(
    add_completion=False,
    help="Who answers when: schedules, overrides, holes, load.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
OfTenant = Annotated[str | None, typer.Option(help="Only of this tenant.")]
Name = Annotated[str, typer.Argument(metavar="SCHEDULE", help="Its name.")]
OneName = Annotated[str | None, typer.Argument(metavar="SCHEDULE", help="Only this one.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="YAML; -: standard input.")]
Why = Annotated[str, typer.Option(help="Why, for the history.")]
Expected = Annotated[
    int | None, typer.Option("--expect", help="Only if it is at this version; 0: not there yet.")
]
Instant = Annotated[str | None, typer.Option(help="RFC 3339; default: now.")]


@commands.command("list")
def show_all(
    context: typer.Context, *, tenant: OfTenant = None, as_json: flags.AsJson = False
) -> None:
    """Show who is on call now, until when, and who is next. Exits 1 if somewhere nobody is."""
    with told():
        found = client_of(context).get(HERE, tenant=tenant)["schedules"]
    if as_json:
        show_json(found)
    else:
        rows = [
            (
                one["tenant"],
                one["schedule"],
                _person(one["person"]),
                one["until"] or "",
                _person(one["following"]),
                _holes(one),
            )
            for one in found
        ]
        show_table(("tenant", "schedule", "on call", "until", "next", "holes"), rows, NONE)
        oncall_handoff.say_waiting(context, tenant)
    if any(not one["person"]["person"] for one in found):
        raise typer.Exit(FOUND)


@commands.command()
def show(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    yaml: Annotated[bool, typer.Option("--yaml", help="As apply reads it.")] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Show a schedule: overrides and swaps as a table, or all that was written."""
    with told():
        found = client_of(context).get(_path(tenant, name))
    if as_json:
        show_json(found)
        return
    if yaml:
        typer.echo(found["text"], nl=False)
        return
    say(f"{name}, version {found['version']}, {found['zone']}: {found['description']}")
    overrides = [
        ("override", one["id"], _person(one["person"]), one["start"], one["end"], one["why"])
        for one in found["overrides"]
    ]
    swaps = [row for one in found["swaps"] for row in _swap(one)]
    columns = ("what", "id", "takes it", "from", "to", "why")
    show_table(columns, [*overrides, *swaps], "nothing lies over its layers")


@commands.command()
def apply(
    context: typer.Context,
    name: Name,
    file: File,
    *,
    tenant: Tenant = "_platform",
    why: Why = "",
    expected: Expected = None,
    as_json: flags.AsJson = False,
) -> None:
    """Have a schedule hold from now on; overrides and swaps stay."""
    body = {"text": _text(file), "why": why, "expected_version": expected}
    with told():
        done = client_of(context).put(_path(tenant, name), body)
    for note in done["notes"]:
        say(f"{note}: nothing would wake them")
    words = f"applied {name}, version {done['schedule']['version']}"
    tell(words if done["changed"] else "nothing is new in it", done, as_json=as_json)


@commands.command()
def delete(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    why: Why = "",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Have a schedule hold no more; its versions stay, and rollback puts one back."""
    if not yes:
        typer.confirm(f"Delete schedule {name}?", abort=True, err=True)
    with told():
        client_of(context).delete(_with(_path(tenant, name), why=why))
    tell(f"schedule {name} is deleted", {"schedule": name}, as_json=as_json)


@commands.command()
def history(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Show each version: when, how and why; also of a schedule that was deleted."""
    with told():
        found = client_of(context).get(f"{_path(tenant, name)}/versions")["versions"]
    if as_json:
        show_json(found)
        return
    rows = [(one["version"], one["at"], one["how"], one["by"], one["why"]) for one in found]
    show_table(("version", "at", "how", "by", "why"), rows, NONE)


@commands.command()
def rollback(
    context: typer.Context,
    name: Name,
    version: Annotated[int, typer.Argument(help="Its number, as history shows it.")],
    *,
    tenant: Tenant = "_platform",
    why: Why = "",
    as_json: flags.AsJson = False,
) -> None:
    """Have a schedule be what it was at a version, its overrides of then too."""
    with told():
        path, body = f"{_path(tenant, name)}/rollback", {"version": version, "why": why}
        done = client_of(context).post(path, body)
    words = f"{name} is again what it was at version {version}"
    tell(words, done, as_json=as_json)


@commands.command()
def override(
    context: typer.Context,
    name: Name,
    person: Annotated[
        str | None, typer.Option(help="Who takes it: an e-mail address or id.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="RFC 3339.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="RFC 3339.")] = None,
    *,
    remove: Annotated[str | None, typer.Option(help="Take this override away instead.")] = None,
    tenant: Tenant = "_platform",
    why: Why = "",
    expected: Expected = None,
    as_json: flags.AsJson = False,
) -> None:
    """Have a person take a span, one's own shift unless one plans them; or undo that."""
    path = f"{_path(tenant, name)}/overrides"
    if remove:
        with told():
            done = client_of(context).delete(
                _with(f"{path}/{quote(remove, safe='')}", expected_version=expected)
            )
        tell("the override is removed", done, as_json=as_json)
        return
    if not (person and start and end):
        stop("say who takes which span: --person, --from and --to; or --remove ID", WRONG_USE)
    body = {"person": person, "start": start, "end": end, "why": why, "expected_version": expected}
    with told():
        done = client_of(context).post(path, body)
    tell(f"{person} takes it; override {done['overrides'][-1]['id']}", done, as_json=as_json)


@commands.command()
def swap(
    context: typer.Context,
    name: Name,
    answer: Annotated[str, typer.Argument(metavar="ask|accept|refuse")],
    swap_id: Annotated[str | None, typer.Argument(metavar="SWAP", help="To answer it.")] = None,
    *,
    tenant: Tenant = "_platform",
    person: Annotated[str | None, typer.Option(help="Who asks.")] = None,
    gives: Annotated[str | None, typer.Option(help="The span to give: FROM/TO.")] = None,
    other: Annotated[str | None, typer.Option(help="Who is asked.")] = None,
    takes: Annotated[str | None, typer.Option(help="The span to take: FROM/TO.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Ask somebody to exchange spans, or answer."""
    path = f"{_path(tenant, name)}/swaps"
    if answer in ("accept", "refuse") and swap_id:
        with told():
            done = client_of(context).post(f"{path}/{quote(swap_id, safe='')}/{answer}", {})
        tell(f"swap {answer}ed" if answer == "accept" else "swap refused", done, as_json=as_json)
    elif answer == "ask" and person and other and gives and takes:
        body = {"person": person, "gives": _span(gives), "other": other, "takes": _span(takes)}
        with told():
            done = client_of(context).post(path, body)
        tell(f"asked {other}: swap {done['swaps'][-1]['id']}", done, as_json=as_json)
    else:
        stop("ask --person --gives --other --takes, or accept SWAP, or refuse SWAP", WRONG_USE)


@commands.command()
def shifts(
    context: typer.Context,
    name: Name,
    *,
    tenant: Tenant = "_platform",
    since: Annotated[str | None, typer.Option("--from", help="RFC 3339; default: now.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Default: 14 days later.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show the final shifts of a span, holes too."""
    with told():
        path = f"{_path(tenant, name)}/shifts"
        found = client_of(context).get(path, **{"from": since, "to": until})
    if as_json:
        show_json(found)
        return
    rows = [
        (one["start"], one["end"], _person(one["person"]), one["source"], one["name"])
        for one in found["shifts"]
    ]
    show_table(("from", "to", "on call", "by", "name"), rows, NONE)


@commands.command("who-is-woken")
def who_is_woken(
    context: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCHEDULE|ALERT|LABEL=VALUE...",
            help="Only this schedule; or an alert's number, or labels that one might have.",
        ),
    ] = None,
    *,
    tenant: OfTenant = None,
    at: Instant = None,
    days: Annotated[int, typer.Option(help="How far to look.")] = 14,
    as_json: flags.AsJson = False,
) -> None:
    """Find holes, and people whom nothing wakes. Exits 1 if there are, or no schedule.

    Of an alert: its routes, their policies, and who these reach, level by level.
    """
    words = what or []
    if words and (words[0].isdecimal() or "=" in words[0]):
        by_alert(context, words, tenant=tenant, at=at, days=days, as_json=as_json)
        return
    name = words[0] if words else None
    with told():
        path = f"{HERE}/who-is-woken"
        found = client_of(context).get(path, tenant=tenant, schedule=name, at=at, days=days)
    if as_json:
        show_json(found)
    else:
        rows = [row for one in found["schedules"] for row in _faults(one)]
        columns = ("tenant", "schedule", "what", "who", "from", "to")
        sound = f"somebody is woken at each instant until {found['until']}"
        show_table(columns, rows, sound if found["schedules"] else NONE)
    if not found["sound"]:
        raise typer.Exit(FOUND)


@commands.command()
def ics(
    context: typer.Context,
    name: OneName = None,
    *,
    tenant: Tenant = "_platform",
    person: Annotated[str | None, typer.Option(help="Only this person; alone: everywhere.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Print shifts as a calendar: of a schedule, of a person, or of a person in a schedule."""
    if not name and not person:
        stop("name a schedule, or --person", WRONG_USE)
    path = f"{_path(tenant, name)}/calendar.ics" if name else f"{HERE}/calendar.ics"
    with told():
        calendar = client_of(context).get_bytes(_with(path, person=person)).decode()
    if as_json:
        show_json({"text": calendar})
    else:
        sys.stdout.write(calendar)


@commands.command()
def load(
    context: typer.Context,
    name: OneName = None,
    *,
    tenant: OfTenant = None,
    since: Annotated[
        str | None, typer.Option("--from", help="RFC 3339; default: 28 days before.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="RFC 3339; default: now.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show what each person carries: hours, nights, weekends, days off."""
    with told():
        query = {"tenant": tenant, "schedule": name, "from": since, "to": until}
        found = client_of(context).get(f"{HERE}/load", **query)
    if as_json:
        show_json(found)
        return
    parts = ("hours", "night_hours", "weekend_hours", "holiday_hours")
    rows = [
        (
            one["tenant"],
            one["schedule"],
            _person(one["person"]),
            one["shifts"],
            *(f"{one[part]:.2f}".rstrip("0").rstrip(".") for part in parts),
        )
        for one in found["loads"]
    ]
    columns = ("tenant", "schedule", "who", "shifts", "hours", "nights", "weekends", "days off")
    show_table(columns, rows, NONE)


oncall_handoff.register(commands)


def _path(tenant: str, name: str) -> str:
    return address(f"{HERE}/schedules", tenant, name)


def _with(path: str, **query: object) -> str:
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def _person(one: dict[str, Any] | None) -> str:
    if one is None:
        return ""
    known = "" if one["known"] == "known" or not one["person"] else f" ({one['known']})"
    return f"{one['name']}{known}"


def _holes(one: dict[str, Any]) -> str:
    if not one["holes"]:
        return ""
    return f"{len(one['holes'])}, first {one['holes'][0]['start']}"


def _faults(one: dict[str, Any]) -> list[tuple[object, ...]]:
    of = (one["tenant"], one["schedule"])
    holes = [(*of, "hole", "nobody", hole["start"], hole["end"]) for hole in one["holes"]]
    return holes + [
        (*of, each["known"], each["person"], one["at"], "") for each in one["strangers"]
    ]


def _swap(one: dict[str, Any]) -> list[tuple[object, ...]]:
    of = (f"swap {one['state']}", one["id"])
    return [
        (*of, _person(one["other"]), one["gives"]["start"], one["gives"]["end"], ""),
        (*of, _person(one["person"]), one["takes"]["start"], one["takes"]["end"], ""),
    ]


def _span(said: str) -> dict[str, str]:
    start, slash, end = said.partition("/")
    if not slash:
        stop(f"expected FROM/TO, got {said[:80]!r}", WRONG_USE)
    return {"start": start, "end": end}


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file} cannot be read: {error}", WRONG_USE)
