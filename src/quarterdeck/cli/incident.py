"""quarterdeck incident: declare, lead, tell, learn."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from quarterdeck.cli import flags, incident_rows, incident_update
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import WRONG_USE, say, show_json, show_table, stop, tell

HERE = "/api/v1/incidents"
NONE = "no incident; quarterdeck incident declare SYMPTOM --severity WORD opens one"
ROLES = ("ic", "tl", "cl", "scribe")

commands = typer.Typer(
    add_completion=False,
    help="Incidents: declare, lead, tell, learn.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Which = Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, as INC-2026-000123.")]
Tenant = Annotated[str, typer.Option(help="Whose; default: the platform's.")]
Word = Annotated[str, typer.Option()]
Many = list[str] | None
Flags = Annotated[
    Many, typer.Option("--flag", help="security, integrity, data-loss, ...; repeat it.")
]
Note = Annotated[str, typer.Option(help="What to say with it.")]
Not = Annotated[bool, typer.Option("--not", help="It is not done after all.")]
Place = Annotated[int, typer.Argument(metavar="NUMBER", help="Of the item.")]


class Scale(StrEnum):
    """The words of runbook 003."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@commands.command("list")
def show_all(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    state: Annotated[str, typer.Option(help="open, resolved or all.")] = "open",
    severity: Annotated[str | None, typer.Option(help="Only of this severity.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show incidents: those that are open first, then the newest."""
    with told():
        asked = {"tenant": tenant, "state": state, "severity": severity}
        found = client_of(context).rows(HERE, "incidents", **asked)
    if as_json:
        show_json(found)
        return
    columns = ("incident", "title", "status", "stage", "since", "commander", "war room")
    show_table(columns, map(incident_rows.row, found), NONE)


@commands.command()
def show(context: typer.Context, incident: Which, *, as_json: flags.AsJson = False) -> None:
    """Show an incident: how it stands, what is due, what comes next, its timeline."""
    with told():
        found = client_of(context).get(_path(incident))
    if as_json:
        show_json(found)
        return
    show_table(("what", "says"), incident_rows.lines(found), "")


@commands.command()
def declare(
    context: typer.Context,
    symptom: Annotated[str, typer.Argument(help="What is seen, in brief.")] = "",
    *,
    severity: Annotated[str, typer.Option(help="As SEV-1, P1 or critical.")] = "",
    alert: Annotated[
        int | None, typer.Option(help="The alert that began it says the rest.")
    ] = None,
    kind: Annotated[str, typer.Option(help="As quarterdeck severity list --json has them.")] = "",
    impact: Annotated[str, typer.Option(help="A word of the matrix, with --urgency.")] = "",
    urgency: Annotated[str, typer.Option(help="A word of the matrix, with --impact.")] = "",
    service: Annotated[str, typer.Option(help="Which service.")] = "",
    environment: Annotated[str, typer.Option(help="Of its services; empty: any.")] = "",
    region: Annotated[str, typer.Option(help="Where.")] = "",
    affected: Annotated[Many, typer.Option("--affected", help="A tenant; repeat it.")] = None,
    flag: Flags = None,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Declare an incident. One about the same that is open already is shown instead."""
    path = f"{HERE}/from-alert/{alert}"
    spec: dict[str, Any] = {"severity": severity}
    if alert is None:
        path, spec = (
            HERE,
            spec
            | {
                "tenant": tenant,
                "symptom": symptom,
                "kind": kind,
                "impact_word": impact,
                "urgency": urgency,
                "service": service,
                "environment": environment,
                "region": region,
                "tenants": affected or [],
                "flags": flag or [],
                "source": "report",
            },
        )
    with told():
        made = client_of(context).post(path, spec)
    tell(f"{made['id']} {made['title']}", made, as_json=as_json)


@commands.command()
def respond(
    context: typer.Context,
    *,
    severity: Annotated[Scale, typer.Option(help="How bad it is.")],
    notify_team: Annotated[
        str, typer.Option("--notify-team", metavar="true|false", help="Tell the team.")
    ] = "true",
    symptom: Annotated[str, typer.Option(help="What is seen.")] = "Incident response activated",
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Activate the response to an incident, as runbook 003's script does; print its id."""
    if notify_team not in ("true", "false"):
        stop(f"--notify-team {notify_team}: expected true or false", WRONG_USE)
    spec = {
        "tenant": tenant,
        "symptom": symptom,
        "severity": severity.value,
        "source": "report",
        "notify": notify_team == "true",
    }
    with told():
        made = client_of(context).post(HERE, spec)
    if as_json:
        show_json(made)
        return
    typer.echo(made["id"])


@commands.command()
def classify(
    context: typer.Context,
    *,
    impact: Annotated[str, typer.Option(help="quarterdeck severity matrix has the words.")],
    urgency: Annotated[str, typer.Option(help="quarterdeck severity matrix has the words.")],
    flag: Flags = None,
    tenant: Tenant = "_platform",
    as_json: flags.AsJson = False,
) -> None:
    """Say how bad something is, by the matrix, and why."""
    with told():
        found = client_of(context).get(
            "/api/v1/severities/classified",
            tenant=tenant,
            impact=impact,
            urgency=urgency,
            flag=flag or [],
        )
    if as_json:
        show_json(found)
        return
    typer.echo(found["severity"]["name"])
    say(f"{found['severity']['title']}: {found['because']}")


@commands.command()
def acknowledge(
    context: typer.Context, incident: Which, *, note: Note = "", as_json: flags.AsJson = False
) -> None:
    """Say that you are on it; --note as an ETA."""
    _posted(context, incident, "acknowledge", {"note": note}, as_json=as_json)


@commands.command()
def severity(
    context: typer.Context,
    incident: Which,
    word: Annotated[str, typer.Argument(help="As SEV-2.")],
    *,
    why: Annotated[str, typer.Option(help="It stands on the timeline.")],
    as_json: flags.AsJson = False,
) -> None:
    """Say that it is worse, or less bad, and why."""
    _posted(context, incident, "severity", {"severity": word, "why": why}, as_json=as_json)


@commands.command()
def advance(
    context: typer.Context,
    incident: Which,
    stage: Annotated[str, typer.Argument(help="triage, investigation, mitigation, ...")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Bring it to a later stage; what must be recorded before is said."""
    _posted(context, incident, "advance", {"to": stage}, as_json=as_json)


@commands.command()
def resolve(context: typer.Context, incident: Which, *, as_json: flags.AsJson = False) -> None:
    """Say that it is over; what must be recorded before is said."""
    _posted(context, incident, "advance", {"to": "Resolved"}, as_json=as_json)


@commands.command()
def reopen(
    context: typer.Context,
    incident: Which,
    *,
    why: Annotated[str, typer.Option(help="It stands on the timeline.")],
    as_json: flags.AsJson = False,
) -> None:
    """Say that it is not over after all."""
    _posted(context, incident, "reopen", {"why": why}, as_json=as_json)


@commands.command()
def pace(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 30,
    as_json: flags.AsJson = False,
) -> None:
    """Show how fast incidents were acknowledged (MTTA) and resolved (MTTR)."""
    with told():
        found = client_of(context).get(f"{HERE}/paces", tenant=tenant, days=days)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["severity"], one["incidents"], _spent(one["acknowledge_s"]), _spent(one["resolve_s"]))
        for one in found["severities"]
    ]
    columns = ("severity", "incidents", "acknowledged in", "resolved in")
    show_table(columns, rows, f"there was no incident in {days} days")


def _spent(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 60:.0f} min"


@commands.command()
def note(
    context: typer.Context,
    incident: Which,
    text: Annotated[str, typer.Argument(help="What happened.")],
    *,
    kind: Annotated[str, typer.Option(help="note, action, finding, decision or update.")] = "note",
    at: Annotated[str | None, typer.Option(help="When, as 2026-02-28T14:32:00Z.")] = None,
    link: Annotated[str, typer.Option(help="Where the evidence is.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Append to the timeline."""
    said = {"kind": kind, "text": text, "at": at, "link": link}
    _posted(context, incident, "entries", said, as_json=as_json)


@commands.command()
def assign(
    context: typer.Context,
    incident: Which,
    *,
    ic: Annotated[str | None, typer.Option(help="Incident Commander.")] = None,
    tl: Annotated[str | None, typer.Option(help="Technical Lead.")] = None,
    cl: Annotated[str | None, typer.Option(help="Communications Lead.")] = None,
    scribe: Annotated[str | None, typer.Option(help="Scribe.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Give roles to people."""
    given = {role: who for role, who in zip(ROLES, (ic, tl, cl, scribe), strict=True) if who}
    if not given:
        stop("say who: --ic, --tl, --cl or --scribe", WRONG_USE)
    client = client_of(context)
    with told():
        made = [
            client.put(f"{_path(incident)}/roles/{role}", {"person": who})
            for role, who in given.items()
        ]
    roles = ", ".join(f"{role} {who}" for role, who in given.items())
    tell(f"{incident}: {roles}", made[-1], as_json=as_json)


@commands.command()
def describe(
    context: typer.Context,
    incident: Which,
    *,
    service: Annotated[Many, typer.Option("--service", help="Affected; repeat it.")] = None,
    affected: Annotated[Many, typer.Option("--affected", help="A tenant; repeat it.")] = None,
    environment: Annotated[str | None, typer.Option(help="Of its services.")] = None,
    users: Annotated[str | None, typer.Option(help="What users notice.")] = None,
    integrity: Annotated[str | None, typer.Option(help="Whether data are whole.")] = None,
    symptoms: Annotated[Many, typer.Option("--symptom", help="Repeat it.")] = None,
    root_cause: Annotated[Many, typer.Option("--root-cause", help="Repeat it.")] = None,
    temporary: Annotated[str | None, typer.Option(help="What mitigated it.")] = None,
    permanent: Annotated[str | None, typer.Option(help="What mends it for good.")] = None,
    prevention: Annotated[str | None, typer.Option(help="So that it comes no more.")] = None,
    validated: Annotated[str | None, typer.Option(help="How services were seen well.")] = None,
    assignee: Annotated[str | None, typer.Option(help="Who works on it.")] = None,
    links: Annotated[
        Many, typer.Option("--link", metavar="WORD=ADDRESS", help="As vendor-ticket=120-17.")
    ] = None,
    flag: Flags = None,
    as_json: flags.AsJson = False,
) -> None:
    """Write down more of it; lists are replaced, the rest stays."""
    said: dict[str, Any] = {
        "services": service,
        "environment": environment,
        "tenants": affected,
        "symptoms": symptoms,
        "root_cause": root_cause,
        "temporary": temporary,
        "permanent": permanent,
        "prevention": prevention,
        "validated": validated,
        "assignee": assignee,
        "flags": flag,
        "links": None if links is None else dict(map(_link, links)),
    }
    given = {name: value for name, value in said.items() if value is not None}
    felt = {"users": users, "integrity": integrity}
    felt = {name: value for name, value in felt.items() if value is not None}
    with told():
        client = client_of(context)
        if felt:
            given["impact"] = client.get(_path(incident))["incident"]["impact"] | felt
        made = client.patch(_path(incident), given)
    tell(f"{made['id']} is at version {made['version']}", made, as_json=as_json)


@commands.command()
def act(
    context: typer.Context,
    incident: Which,
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    *,
    owner: Annotated[str, typer.Option(help="By whom.")] = "",
    due: Annotated[str | None, typer.Option(help="By when, as 2026-03-31T00:00:00Z.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Add an action item."""
    with told():
        said = {"text": text, "owner": owner, "due_at": due}
        made = client_of(context).post(f"{_path(incident)}/actions", said)
    tell(f"{incident} has action item {made['number']}", made, as_json=as_json)


@commands.command()
def actions(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show the action items of all incidents that are not done."""
    with told():
        found = client_of(context).rows(f"{HERE}/actions", "actions", tenant=tenant)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["incident"], one["number"], one["text"], one["owner"], one["due_at"]) for one in found
    ]
    columns = ("incident", "number", "what", "owner", "due")
    show_table(columns, rows, "nothing is left to do because of an incident")


@commands.command()
def done(
    context: typer.Context,
    incident: Which,
    number: Place,
    *,
    undone: Not = False,
    as_json: flags.AsJson = False,
) -> None:
    """Tick an action item."""
    with told():
        path = f"{_path(incident)}/actions/{number}"
        made = client_of(context).put(path, {"done": not undone})
    tell(f"action item {number} is {'open' if undone else 'done'}", made, as_json=as_json)


@commands.command()
def check(
    context: typer.Context,
    incident: Which,
    number: Place,
    *,
    note: Note = "",
    undone: Not = False,
    as_json: flags.AsJson = False,
) -> None:
    """Tick an item of the checklist."""
    with told():
        path = f"{_path(incident)}/checklist/{number}"
        made = client_of(context).put(path, {"done": not undone, "note": note})
    tell(f"item {number} is {'open' if undone else 'done'}", made, as_json=as_json)


@commands.command()
def approve(
    context: typer.Context, incident: Which, *, note: Note = "", as_json: flags.AsJson = False
) -> None:
    """Let customers be told, in Legal's name."""
    _posted(context, incident, "approval", {"note": note}, as_json=as_json)


@commands.command()
def notify(
    context: typer.Context,
    incident: Which,
    text: Annotated[str, typer.Argument(help="What customers are told.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Tell the customers of the affected tenants."""
    _posted(context, incident, "notice", {"text": text}, as_json=as_json)


@commands.command()
def report(
    context: typer.Context,
    incident: Which,
    *,
    form: Annotated[str, typer.Option(help="brief, ticket or postmortem.")] = "ticket",
    written: Annotated[str, typer.Option("--format", help="markdown or pdf.")] = "markdown",
    output: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Write it down as Markdown, or as PDF into a file."""
    if written == "pdf" and output is None:
        stop("a PDF goes into a file: --output postmortem.pdf", WRONG_USE)
    asked = urlencode({"form": form, "format": written})
    with told():
        found = client_of(context).get_bytes(f"{_path(incident)}/report?{asked}")
    if output is not None:
        output.write_bytes(found)
    if written == "pdf":
        done = {"incident": incident, "form": form, "output": str(output), "size": len(found)}
        tell(f"written to {output}", done, as_json=as_json)
    elif as_json:
        show_json({"incident": incident, "form": form, "text": found.decode()})
    elif output is None:
        typer.echo(found.decode(), nl=False)


def _posted(
    context: typer.Context, incident: str, what: str, said: object, *, as_json: bool
) -> None:
    with told():
        made = client_of(context).post(f"{_path(incident)}/{what}", said)
    tell(f"{made['id']} {made['title']}: {made['stage']}, {made['status']}", made, as_json=as_json)


def _link(said: str) -> tuple[str, str]:
    word, found, address = said.partition("=")
    if not found:
        stop(f"--link {said}: expected WORD=ADDRESS, as ticket=OPS-17", WRONG_USE)
    return word.strip(), address.strip()


def _path(incident: str) -> str:
    return f"{HERE}/{quote(incident, safe='')}"


incident_update.register(commands)
