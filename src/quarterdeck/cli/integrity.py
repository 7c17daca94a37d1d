"""quarterdeck integrity, atp-admin integrity: freeze, verify, find what is missing.

The verbs and flags are those of runbook 004, topic 33; ``unfreeze``,
``release-evidence`` and ``scope`` are ours.
"""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import client_of, told
from quarterdeck.cli.output import DONE, FOUND, WRONG_USE, say, show_json, show_table, stop, tell

INTEGRITY = "/api/v1/trail/integrity"
SEGMENTS = "/api/v1/trail/segments"
SHOWN_GAPS = 5

commands = typer.Typer(
    add_completion=False,
    help="Freeze, verify, and find what is missing.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option(metavar="TENANT", help="Whose log; default: every log.")]
Key = Annotated[str, typer.Option(metavar="VKEY", help="The log's key, from someone you trust.")]


@commands.command()
def freeze(
    context: typer.Context,
    *,
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")],
    tenant: Tenant = "",
    data_loss: Annotated[
        bool, typer.Option("--data-loss", help="Data may be lost: refuse ingest too.")
    ] = False,
    as_json: flags.AsJson = False,
) -> None:
    """Refuse purge and export until unfreeze."""
    body = {"reason": reason, "suspicion": "data-loss" if data_loss else "tampering"}
    with told():
        found = client_of(context).post(
            f"{INTEGRITY}/freeze", body | ({"tenant": tenant} if tenant else {})
        )
    tell(f"frozen: investigation {found['id']}", found, as_json=as_json)


@commands.command()
def unfreeze(
    context: typer.Context,
    *,
    outcome: Annotated[str, typer.Option(help="confirmed, or false-positive.")] = "",
    root_cause: Annotated[
        str, typer.Option("--root-cause", "--reason", help="What was found out.")
    ] = "",
    investigation: Annotated[
        str, typer.Option(metavar="ID", help="Which; needed where several are open.")
    ] = "",
    as_json: flags.AsJson = False,
) -> None:
    """End an investigation; refused without its outcome and root cause."""
    body = {"outcome": outcome, "root_cause": root_cause, "investigation": investigation}
    with told():
        found = client_of(context).post(f"{INTEGRITY}/unfreeze", body)
    tell(f"unfrozen: investigation {found['id']} was {found['outcome']}", found, as_json=as_json)


@commands.command("release-evidence")
def release_evidence(
    context: typer.Context,
    investigation: Annotated[
        str, typer.Argument(metavar="INVESTIGATION", help="As integrity status shows it.")
    ],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Let what a confirmed investigation holds be purged again."""
    with told():
        client_of(context).post(
            f"{INTEGRITY}/investigations/{quote(investigation, safe='')}/release"
        )
    tell(
        f"released: the evidence of investigation {investigation}",
        {"investigation": investigation, "evidence_held": False},
        as_json=as_json,
    )


@commands.command()
def status(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show investigations, and how far each log was checked. Exits 1 while frozen."""
    with told():
        found = client_of(context).get(INTEGRITY)
    if as_json:
        show_json(found)
    else:
        rows = [
            (
                one["id"],
                one["tenant"],
                one["suspicion"],
                one["reason"],
                one["where"],
                one["outcome"],
                "held" if one["evidence_held"] else "",
            )
            for one in found["investigations"]
        ]
        columns = (
            *("investigation", "tenant", "suspicion", "reason", "where", "outcome"),
            "evidence",
        )
        show_table(columns, rows, "nothing is under investigation")
    raise typer.Exit(FOUND if found["frozen"] else DONE)


@commands.command()
def segments(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Whose log.")],
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Show the sealed ranges of a log: range, root, key, newest first."""
    with told():
        found = client_of(context).rows(
            f"/api/v1/trail/logs/{quote(tenant, safe='')}/segments", "segments"
        )
    if as_json:
        show_json(found)
        return
    rows = [
        (one["id"], one["start"], one["end"], one["root"], one["key_id"], one["sealed_at"])
        for one in found
    ]
    show_table(("segment", "from", "to", "root", "key", "sealed"), rows, "nothing is sealed yet")


@commands.command()
def verify(
    context: typer.Context,
    *,
    segment_id: Annotated[
        str, typer.Option(metavar="ID", help="As integrity segments shows it; else all.")
    ] = "",
    include_proof: Annotated[
        bool, typer.Option("--include-proof", help="With everything to check it offline.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; a folder: a file in it.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check such a file, without a server.")
    ] = None,
    key: Key = "",
    tenant: Tenant = "",
    as_json: flags.AsJson = False,
) -> None:
    """Check sealed segments: chain, tree and signature of each.

    Exits 0 if every result is right; 1 with the position of the first mismatch if not.
    """
    if bundle is not None:
        found = [_offline(bundle, key)]
    else:
        found = _online(context, segment_id, tenant, include_proof=include_proof)
    if output is not None:
        _write(output, found[0] if segment_id or bundle else {"segments": found}, segment_id)
    if as_json:
        show_json(found)
    for one in [] if as_json else found:
        _say(one)
    failures = sum(not one["intact"] for one in found)
    say(f"{len(found)} segments, {sum(one['checked'] for one in found)} records: {failures} failed")
    raise typer.Exit(FOUND if failures else DONE)


@commands.command()
def scope(context: typer.Context, *, tenant: Tenant = "", as_json: flags.AsJson = False) -> None:
    """Compare log, segment store and projections. Exits 1 if records are missing anywhere."""
    with told():
        found = client_of(context).get(f"{INTEGRITY}/scope", tenant=tenant or None)
    if as_json:
        show_json(found)
    else:
        names = ("tenant", "place", "count", "first", "last", "from_at", "to_at")
        rows = [
            (*(one[name] for name in names), _types(one["types"]), " ".join(one["ids"]))
            for one in found["missing"]
        ]
        columns = ("tenant", "missing in", "records", "first", "last", "from", "to", "types", "ids")
        gone = f", {found['purged']} purged by policy" if found["purged"] else ""
        show_table(columns, rows, f"{found['checked']} records compared{gone}, none is missing")
    raise typer.Exit(FOUND if found["missing"] else DONE)


@commands.command()
def sources(
    context: typer.Context,
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Whose log.")],
    *,
    end: Annotated[
        int | None, typer.Option(metavar="INDEX", help="Look at the records before; default: all.")
    ] = None,
    as_json: flags.AsJson = False,
) -> None:
    """Show which numbers of each source never came, in 100,000 records. Exits 1 if any."""
    with told():
        found = client_of(context).get(f"{INTEGRITY}/sources", tenant=tenant, end=end)
    if as_json:
        show_json(found)
    else:
        names = ("source", "records", "unnumbered", "first", "last", "missing", "repeated")
        rows = [(*(one[name] for name in names), _gaps(one)) for one in found["sources"]]
        show_table((*names, "gaps"), rows, "nothing was sent yet")
        say(f"records {found['first']} to {found['end']} of {found['size']} were read")
    raise typer.Exit(FOUND if any(one["missing"] for one in found["sources"]) else DONE)


def _gaps(one: dict[str, Any]) -> str:
    shown = [f"{gap['first']}-{gap['last']}" for gap in one["gaps"][:SHOWN_GAPS]]
    return " ".join(shown) + (" ..." if len(one["gaps"]) > SHOWN_GAPS else "")


def _online(
    context: typer.Context, segment_id: str, tenant: str, *, include_proof: bool
) -> list[dict[str, Any]]:
    with told():
        client = client_of(context)
        ids = [segment_id] if segment_id else []
        if not ids:
            logs = client.get("/api/v1/trail/logs")["logs"]
            named = [one["tenant"] for one in logs if tenant in ("", one["tenant"])]
            ids = [
                one["id"]
                for name in named
                for one in client.rows(
                    f"/api/v1/trail/logs/{quote(name, safe='')}/segments", "segments"
                )
            ]
        asked = {"include_proof": "true" if include_proof else "false"}
        return [
            client.get(f"{SEGMENTS}/{quote(one, safe='')}/verification", **asked) for one in ids
        ]


def _offline(bundle: Path, key: str) -> dict[str, Any]:
    # Cryptography is loaded only by whoever checks here.
    from quarterdeck.trail.keys.note import Malformed, Verifier  # noqa: PLC0415
    from quarterdeck.trail.segments import proof  # noqa: PLC0415

    try:
        found = proof.SegmentProof.parse(bundle.read_bytes())
        verdict = proof.verify(found, Verifier.parse(key) if key else None)
    except (OSError, ValueError, AttributeError, Malformed) as error:
        stop(f"{bundle} cannot be checked: {error}", WRONG_USE)
    return {
        "segment": verdict.segment,
        "intact": verdict.intact,
        "checked": verdict.checked,
        "position": verdict.position,
        "purged": list(verdict.purged),
        "results": [
            {"name": one.name, "right": one.right, "found": list(one.found)}
            for one in verdict.results
        ],
    }


def _write(output: Path, document: dict[str, Any], segment_id: str) -> None:
    target = output / f"segment-{segment_id or 'all'}.json" if output.is_dir() else output
    try:
        target.write_text(json.dumps(document, indent=1) + "\n")
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror}", WRONG_USE)
    say(f"written to {target}")


def _say(one: dict[str, Any]) -> None:
    for result in one["results"]:
        words = "right" if result["right"] else "; ".join(result["found"])
        typer.echo(f"{one['segment']}: {result['name']}: {words}")
    for purged in one["purged"]:
        typer.echo(f"{one['segment']}: {purged}")
    if one["position"] is not None:
        typer.echo(f"{one['segment']}: the first mismatch is at record {one['position']}")


def _types(types: dict[str, int]) -> str:
    return " ".join(f"{name}:{count}" for name, count in types.items())
