"""quarterdeck alert rule: what must hold before an alert fires."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
import yaml

from quarterdeck.cli import flags
from quarterdeck.cli.client import address, client_of, told
from quarterdeck.cli.output import FOUND, WRONG_USE, say, show_json, show_table, stop, tell

RULES = "/api/v1/alert-rules"
FORMS = "native, sync-yaml (runbook 000), json (runbook 003) or prometheus"

commands = typer.Typer(
    add_completion=False,
    help="Alert rules as data: see, write, try, take back, carry in and out.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(help="Whose rules; _platform: the platform's own.")]
Rule = Annotated[str, typer.Argument(metavar="RULE")]
Why = Annotated[str, typer.Option(help="Why, for the history.")]
OfVersion = Annotated[int, typer.Argument(metavar="VERSION", min=1)]


@commands.command("list")
def show(
    context: typer.Context,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    state: Annotated[
        str | None,
        typer.Option(help="error, firing, pending, unknown, inactive or disabled."),
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show rules and what they say. Exits 1 if one fires or has an error."""
    with told():
        found = client_of(context).rows(RULES, "rules", tenant=tenant, state=state, limit=500)
    if as_json:
        show_json(found)
    else:
        columns = ("rule", "tenant", "state", "severity", "value", "condition", "reason")
        show_table(columns, [_row(one) for one in found], "no rule; quarterdeck alert rule apply")
    if any(one["standing"]["state"] in ("firing", "error") for one in found):
        raise typer.Exit(FOUND)


@commands.command("show")
def show_one(
    context: typer.Context, rule: Rule, *, tenant: Tenant, as_json: flags.AsJson = False
) -> None:
    """Show one rule: what it says, about what, and as it is written."""
    with told():
        found = client_of(context).get(_path(tenant, rule))
    if as_json:
        show_json(found)
        return
    standing = found["standing"]
    rows = [
        *((name, standing[name]) for name in ("state", "reason", "value", "evaluated_at")),
        *((name, found[name]) for name in ("severity", "promql", "runbook", "auto_remediation")),
        ("version", f"{found['version']} by {found['by']} at {found['at']}"),
        *((one["state"], _instance(one)) for one in found["instances"]),
    ]
    show_table(("what", "is"), rows, "")
    typer.echo(yaml.safe_dump({"rules": [found["rule"]]}, sort_keys=False), nl=False)


@commands.command()
def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Rules in the native form.")],
    *,
    tenant: Tenant,
    why: Why = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come of it; change nothing.")
    ] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Have the rules of a file hold, all or none; those it does not name stay as they are."""
    words, done = _carried(context, tenant, file, why, dry_run=dry_run)
    tell(words, done, as_json=as_json)


@commands.command("import")
def carry_in(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    *,
    tenant: Tenant,
    why: Why = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come of it; change nothing.")
    ] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Bring in rules of others: the runbooks' YAML and JSON, rule files of Prometheus."""
    _check_apart(context, tenant, files)
    found = []
    for file in files:
        words, done = _carried(context, tenant, file, why, dry_run=dry_run)
        found.append({"path": str(file), **done})
        if not as_json:
            say(words)
    if as_json:
        show_json(found)


@commands.command("export")
def carry_out(
    context: typer.Context,
    *,
    tenant: Tenant,
    form: Annotated[str, typer.Option(help=f"{FORMS}.")] = "native",
    file: Annotated[
        str | None, typer.Option(help="Only rules that were imported from this file.")
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Print a tenant's rules in one form, those that can be said in it."""
    with told():
        path = f"{RULES}/{quote(tenant, safe='')}/export"
        found = client_of(context).get(path, form=form, file=file)
    if as_json:
        show_json(found)
    else:
        typer.echo(found["text"], nl=False)


@commands.command()
def catalogue(
    context: typer.Context, *, tenant: Tenant, why: Why = "", as_json: flags.AsJson = False
) -> None:
    """Apply the rules of runbook 004's alert catalogue; what is there stays as it is."""
    with told():
        path = f"{RULES}/{quote(tenant, safe='')}/catalogue"
        done = client_of(context).post(path, {"why": why})
    tell(_done(done), done, as_json=as_json)


@commands.command()
def delete(
    context: typer.Context,
    rule: Rule,
    *,
    tenant: Tenant,
    why: Why = "",
    yes: flags.Yes = False,
    as_json: flags.AsJson = False,
) -> None:
    """Have a rule hold no more: its alerts end, its history stays."""
    if not yes and not typer.confirm(f"Delete the rule {rule} of {tenant}?", err=True):
        stop("nothing was deleted", WRONG_USE)
    with told():
        client_of(context).delete(f"{_path(tenant, rule)}?why={quote(why)}")
    words = f"deleted {rule}; quarterdeck alert rule rollback {rule} VERSION brings it back"
    tell(words, {"tenant": tenant, "rule": rule}, as_json=as_json)


@commands.command()
def history(
    context: typer.Context,
    rule: Rule,
    *,
    tenant: Tenant,
    diff: Annotated[
        str, typer.Option(metavar="OLD..NEW", help="What changed between two versions.")
    ] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Show a rule's versions: who, when, why; or what changed between two."""
    path = _path(tenant, rule)
    if diff:
        old, _, new = diff.partition("..")
        if not (old.isdigit() and new.isdigit()):
            stop("two versions are said as 1..2", WRONG_USE)
        with told():
            found = client_of(context).get(f"{path}/diff", old=old, new=new)
        if as_json:
            show_json(found)
        else:
            typer.echo(found["diff"])
        return
    with told():
        found = client_of(context).get(f"{path}/versions")["versions"]
    if as_json:
        show_json(found)
        return
    rows = [(one["version"], one["how"], one["at"], one["by"], one["why"]) for one in found]
    show_table(("version", "how", "at", "by", "why"), rows, "")


@commands.command()
def rollback(
    context: typer.Context,
    rule: Rule,
    version: OfVersion,
    *,
    tenant: Tenant,
    why: Why = "",
    as_json: flags.AsJson = False,
) -> None:
    """Have a rule be again what it was at a version; also one that was deleted."""
    with told():
        body = {"version": version, "why": why}
        done = client_of(context).post(f"{_path(tenant, rule)}/rollback", body)
    tell(f"{rule} is at version {done['version']}, as at {version}", done, as_json=as_json)


@commands.command()
def enable(
    context: typer.Context,
    rule: Rule,
    *,
    tenant: Tenant,
    why: Why = "",
    as_json: flags.AsJson = False,
) -> None:
    """Have a rule be evaluated."""
    _turn(context, tenant, rule, "enable", why, as_json=as_json)


@commands.command()
def disable(
    context: typer.Context,
    rule: Rule,
    *,
    tenant: Tenant,
    why: Why = "",
    as_json: flags.AsJson = False,
) -> None:
    """Have a rule be evaluated no more until it is enabled; its alerts end."""
    _turn(context, tenant, rule, "disable", why, as_json=as_json)


@commands.command("test")
def try_rule(
    context: typer.Context,
    rule: Rule,
    *,
    tenant: Tenant,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="As 2026-03-01T12:00:00Z; else now.")
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show what a rule would have said at a time, by the stored samples. Exits 1 if it fired."""
    with told():
        found = client_of(context).get(f"{_path(tenant, rule)}/test", at=at)
    standing = found["standing"]
    if as_json:
        show_json(found)
    else:
        say(f"{rule} at {found['at']}: {standing['state']} {standing['reason'] or ''}".rstrip())
        columns = ("labels", "value", "holds", "newest", "reason")
        show_table(columns, [_seen(one) for one in found["values"]], "no value was known")
    if standing["state"] in ("firing", "error"):
        raise typer.Exit(FOUND)


@commands.command()
def baseline(
    context: typer.Context,
    rule: Rule,
    *,
    tenant: Tenant,
    since: Annotated[str, typer.Option("--from", help="RFC 3339: record what is usual.")] = "",
    until: Annotated[str, typer.Option("--to", help="RFC 3339, with --from.")] = "",
    as_json: flags.AsJson = False,
) -> None:
    """Show how far a rule's numbers are off what is usual; with --from and --to, record that
    first. Exits 1 if one is beyond it.
    """
    path = f"{_path(tenant, rule)}/baseline"
    with told():
        client = client_of(context)
        asked = {"from": since, "to": until}
        found = client.put(path, asked) if since or until else client.get(path)
    if as_json:
        show_json(found)
    else:
        say(f"usual from {found['from']} to {found['to']}")
        columns = ("labels", "now", "usual", "5 %", "95 %", "off", "beside")
        show_table(columns, [_usual(one) for one in found["things"]], "")
    if any(one["beside"] in ("above", "below") for one in found["things"]):
        raise typer.Exit(FOUND)


def _usual(one: dict[str, Any]) -> tuple[object, ...]:
    known, off = one["usual"] or {}, one["deviation_percent"]
    return (
        _labels(one["labels"]),
        _number(one["value"]),
        *(_number(known.get(name)) for name in ("p50", "p5", "p95")),
        "not known" if off is None else f"{off:+.0f} %",
        one["beside"],
    )


def _carried(
    context: typer.Context, tenant: str, file: Path, why: str, *, dry_run: bool
) -> tuple[str, dict[str, Any]]:
    """What the rules of a file came to, in words and as it was answered."""
    done = _sent(context, tenant, file, why, dry_run=dry_run)
    for note in done["notes"]:
        say(note)
    words = f"{len(_names(done))} rules read; it would be {_done(done)}"
    return f"{file}: {words if dry_run else _done(done)}", done


def _check_apart(context: typer.Context, tenant: str, files: list[Path]) -> None:
    """Stop where two files have a rule of one name: the second would replace the first's."""
    whose: dict[str, Path] = {}
    for file in files if len(files) > 1 else []:
        for name in _names(_sent(context, tenant, file, "", dry_run=True)):
            other = whose.setdefault(name, file)
            if other.resolve() != file.resolve():
                stop(f"{other} and {file} both have the rule {name}; nothing was done", WRONG_USE)


def _sent(
    context: typer.Context, tenant: str, file: Path, why: str, *, dry_run: bool
) -> dict[str, Any]:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{file} cannot be read: {error}", WRONG_USE)
    body = {"text": text, "file": file.stem, "why": why, "dry_run": dry_run}
    with told():
        path = f"{RULES}/{quote(tenant, safe='')}/import"
        done: dict[str, Any] = client_of(context).post(path, body)
    return done


def _turn(
    context: typer.Context, tenant: str, rule: str, how: str, why: str, *, as_json: bool
) -> None:
    with told():
        done = client_of(context).post(f"{_path(tenant, rule)}/{how}", {"why": why})
    tell(f"{how}d {rule}, version {done['version']}", done, as_json=as_json)


def _path(tenant: str, rule: str) -> str:
    return address(RULES, tenant, rule)


def _names(done: dict[str, Any]) -> list[str]:
    return [*done["created"], *done["changed"], *done["unchanged"]]


def _done(done: dict[str, Any]) -> str:
    return ", ".join(f"{len(done[how])} {how}" for how in ("created", "changed", "unchanged"))


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    standing = one["standing"]
    return (
        one["name"],
        one["tenant"],
        standing["state"],
        one["severity"],
        _number(standing["value"]),
        one["promql"],
        standing["reason"],
    )


def _instance(one: dict[str, Any]) -> str:
    words = f"{_labels(one['labels'])} since {one['since']}: {_number(one['value'])}"
    return words if one["known"] else f"{words} (not known now: {one['reason']})"


def _seen(one: dict[str, Any]) -> tuple[object, ...]:
    holds = {True: "yes", False: "no", None: "not known"}[one["holds"]]
    return (_labels(one["labels"]), _number(one["value"]), holds, one["newest"], one["reason"])


def _labels(labels: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:.6g}"
