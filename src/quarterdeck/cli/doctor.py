"""quarterdeck doctor: is this installation fit, and if not, what to do."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from shutil import disk_usage
from stat import S_IMODE

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import Client, CliProblem
from quarterdeck.cli.options import Options
from quarterdeck.cli.output import DONE, FOUND, show_json, show_table
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.db import (
    DatabaseUnavailable,
    open_engine,
    reading,
    sqlite_is_safe_across_processes,
    sqlite_version,
)
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.settings import Settings
from quarterdeck.migrations import revision
from quarterdeck.operations.channels.model.channel import Kind
from quarterdeck.operations.channels.service import keeping
from quarterdeck.operations.escalation.service import policies
from quarterdeck.trail.keys import backup as key_copies
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.ports import Kms
from quarterdeck.trail.log.condition import tenants_with_logs
from quarterdeck.trail.log.place import file_system, is_network

GIB = 1 << 30
LEAST_FREE = GIB
RELEASED_YEAR = 2026
PORT_S = 3.0
FINDS_APPRISE = (sys.executable, "-I", "-c", "import apprise, quarterdeck")
"""As the process of a delivery does."""

AFTER: dict[type[QuarterdeckError], str] = {
    revision.SchemaTooOld: "quarterdeck migrate",
    revision.SchemaTooNew: "install the release that wrote it, or restore a backup",
    DatabaseUnavailable: "start the database, or correct --database",
}

commands = typer.Typer(add_completion=False, rich_markup_mode=None)


class Verdict(StrEnum):
    """What a check answers. ``not known``: it could not look, which is no pass."""

    PASS = "pass"  # noqa: S105  a verdict
    FAIL = "fail"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's answer, and what to do about it; empty where nothing."""

    check: str
    verdict: Verdict
    found: str
    do: str = ""


@commands.command()
def doctor(
    context: typer.Context,
    data: flags.Data = None,
    database: flags.Database = None,
    host: flags.Host = None,
    port: flags.Port = None,
    *,
    as_json: flags.AsJson = False,
) -> None:
    """Check this installation: database, folder, clock, port, keys, KMS, schema, journal, space.

    Needs no running server. Exits 1 if a check fails or cannot tell.
    """
    settings = flags.configured(data=data, database=database, host=host, port=port)
    installation = flags.installation_of(settings)
    options: Options = context.obj

    def open_kms(name: str) -> Kms:
        kms: Kms = options.launch().kms_of(settings.settings)(name)
        return kms

    store = KeyStore(installation.keys, utc_now, open_kms)
    found = [check(settings.settings, installation) for check in checks(store)]
    if as_json:
        show_json([asdict(f) for f in found])
    else:
        rows = [(f.check, f.verdict, f.found, f.do) for f in found]
        show_table(("check", "verdict", "found", "do"), rows, "nothing was checked")
    fit = all(f.verdict is Verdict.PASS for f in found)
    raise typer.Exit(DONE if fit else FOUND)


def sqlite(settings: Settings, _installation: Installation) -> Finding:
    """Whether this SQLite can be shared by two processes."""
    words = ".".join(map(str, sqlite_version()))
    if settings.database or sqlite_is_safe_across_processes(sqlite_version()):
        return Finding(check="sqlite", verdict=Verdict.PASS, found=words)
    return Finding(
        check="sqlite",
        verdict=Verdict.FAIL,
        found=f"{words} has the WAL-reset bug: everything runs in one process",
        do="install pysqlite3, or a Python with SQLite 3.51.3 or newer",
    )


def folder(_settings: Settings, installation: Installation) -> Finding:
    """Whether the data directory is ours alone."""
    root = installation.root
    if not root.is_dir():
        return Finding(
            check="folder",
            verdict=Verdict.UNKNOWN,
            found=f"{root} is not there",
            do="quarterdeck up makes it",
        )
    mode = S_IMODE(root.stat().st_mode)
    fit = not mode & 0o077 and os.access(root, os.W_OK)
    return Finding(
        check="folder",
        verdict=Verdict.PASS if fit else Verdict.FAIL,
        found=f"{root} has rights {mode:o}",
        do="" if fit else f"chmod 700 {root}",
    )


def space(_settings: Settings, installation: Installation) -> Finding:
    """Whether the disk has room."""
    nearest = next(p for p in (installation.root, *installation.root.parents) if p.is_dir())
    free = disk_usage(nearest).free
    fit = free >= LEAST_FREE
    return Finding(
        check="space",
        verdict=Verdict.PASS if fit else Verdict.FAIL,
        found=f"{free / GIB:.1f} GiB free at {nearest}",
        do="" if fit else "make room: below 1 GiB a sync may fill the disk",
    )


def clock(_settings: Settings, _installation: Installation) -> Finding:
    """Whether the clock can be right at all."""
    now = utc_now()
    fit = now.year >= RELEASED_YEAR
    return Finding(
        check="clock",
        verdict=Verdict.PASS if fit else Verdict.FAIL,
        found=f"{now:%Y-%m-%d %H:%M:%S} UTC",
        do="" if fit else "the clock is behind this release: set it, and run NTP",
    )


def port(settings: Settings, _installation: Installation) -> Finding:
    """Whether the port can be listened on, or is ours already."""
    where = f"{settings.host} port {settings.port}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return _taken(f"{where}: {error.strerror}", settings)
    return Finding(check="port", verdict=Verdict.PASS, found=f"{where} is free")


def _taken(found: str, settings: Settings) -> Finding:
    scheme = "https" if settings.tls_cert else "http"
    try:
        client = Client(
            f"{scheme}://{settings.host}:{settings.port}", ca=_own_ca(settings), timeout_s=PORT_S
        )
        status = client.get("/health")["status"]
    except (CliProblem, KeyError, TypeError):
        do = "end what listens there, or give --port another"
        return Finding(check="port", verdict=Verdict.FAIL, found=found, do=do)
    return Finding(check="port", verdict=Verdict.PASS, found=f"this Quarterdeck answers: {status}")


def _own_ca(settings: Settings) -> Path | None:
    return Path(settings.tls_cert) if settings.tls_cert else None


def keys(settings: Settings, installation: Installation, *, store: KeyStore) -> Finding:
    """Whether the key of every log can be read, by us alone."""
    try:
        count = store.check()
        for tenant in _with_logs(settings, installation):
            store.of(tenant)
    except QuarterdeckError as error:
        return Finding(
            check="keys", verdict=Verdict.FAIL, found=str(error), do="see what was found"
        )
    return Finding(check="keys", verdict=Verdict.PASS, found=f"{count} logs have keys")


def _with_logs(settings: Settings, installation: Installation) -> list[str]:
    # Without a database of this schema nothing can be said; the schema's own check tells.
    if schema(settings, installation).verdict is not Verdict.PASS:
        return []
    engine = open_engine(settings.database or installation.database_url)
    try:
        return tenants_with_logs(engine)
    finally:
        engine.dispose()


def mail(settings: Settings, installation: Installation) -> Finding:
    """Whether there is a mail server where a channel goes by mail."""
    if settings.smtp_host:
        words = f"{settings.smtp_host} sends mails from {settings.smtp_from}"
        return Finding(check="mail", verdict=Verdict.PASS, found=words)
    named = _channels(settings, installation, Kind.EMAIL)
    if not named:
        words = "no channel goes by mail"
        return Finding(check="mail", verdict=Verdict.PASS, found=words)
    return Finding(
        check="mail",
        verdict=Verdict.FAIL,
        found=f"{', '.join(named[:3])} go by mail, and there is no mail server",
        do="set smtp_host and smtp_from",
    )


def rooms(settings: Settings, installation: Installation) -> Finding:
    """Whether incidents get channels of their own in Slack, which none must."""
    named = _channels(settings, installation, Kind.ROOMS)
    words = (
        f"{', '.join(named[:3])} create a channel for each incident with a war room"
        if named
        else "no channel of kind slack-rooms has a token: none is created for an incident"
    )
    return Finding(check="slack", verdict=Verdict.PASS, found=words)


def apprise(settings: Settings, installation: Installation) -> Finding:
    """Whether Apprise is there where a channel goes by it."""
    named = _channels(settings, installation, Kind.APPRISE)
    words = f"{', '.join(named[:3])} go by Apprise" if named else "no channel goes by Apprise"
    if named and find_spec("apprise") is None:
        words, do = f"{words}, and it is not installed", keeping.NO_APPRISE
    elif named and subprocess.run(FINDS_APPRISE, capture_output=True, check=False).returncode:  # noqa: S603  fixed
        words, do = f"{words}, and a delivery does not find it", keeping.ISOLATED
    else:
        return Finding(check="apprise", verdict=Verdict.PASS, found=words)
    return Finding(check="apprise", verdict=Verdict.FAIL, found=words, do=do)


def _channels(settings: Settings, installation: Installation, kind: Kind) -> list[str]:
    """Those that go out by ``kind`` and lack nothing, as TENANT/CHANNEL."""
    # Without a database of this schema nothing can be said; the schema's own check tells.
    if schema(settings, installation).verdict is not Verdict.PASS:
        return []
    engine = open_engine(settings.database or installation.database_url)
    try:
        with reading(engine) as db:
            found = keeping.everywhere(db, kind)
    finally:
        engine.dispose()
    return [f"{one.tenant}/{one.channel.name}" for one in found if not one.lacks]


def kms(settings: Settings, _installation: Installation, *, store: KeyStore) -> Finding:
    """Whether the KMS wraps the keys as it is set to, and unwraps them."""
    try:
        kept, asked = store.custody(), store.open()
        wanted = store.envelope.named(settings.kms) if settings.kms else ""
    except QuarterdeckError as error:
        return Finding(check="kms", verdict=Verdict.FAIL, found=str(error), do="see what was found")
    if asked is None and not wanted:
        words = "none wraps the keys: the rights of their folder guard them"
        return Finding(check="kms", verdict=Verdict.PASS, found=words)
    if asked is None or not kept.whole:
        words = f"{kept.plain} of {kept.plain + kept.sealed} key files are not wrapped"
        do = "quarterdeck keys wrap"
    elif wanted not in ("", asked.kms):
        words, do = f"{asked.kms} wraps the keys, not {wanted}", "quarterdeck keys rewrap"
    else:
        words, do = f"{asked.wrapped.version} unwrapped the keys of {kept.sealed} files", ""
    return Finding(check="kms", verdict=Verdict.FAIL if do else Verdict.PASS, found=words, do=do)


def key_backup(_settings: Settings, installation: Installation) -> Finding:
    """Whether the keys were copied since they changed."""
    state = key_copies.state(installation.keys)
    if state.current:
        by = key_copies.wrapped_by(installation.keys)
        words = f"{state.made_at or 'no keys yet'}{f'; a restore needs {by}' if by else ''}"
        return Finding(check="key backup", verdict=Verdict.PASS, found=words)
    return Finding(
        check="key backup",
        verdict=Verdict.FAIL,
        found="keys changed since the last backup" if state.made_at else "never made",
        do="quarterdeck keys backup FILE, and keep FILE elsewhere",
    )


def schema(settings: Settings, installation: Installation) -> Finding:
    """Whether the database has the schema of this release."""
    if not settings.database and not installation.database.is_file():
        return Finding(
            check="schema",
            verdict=Verdict.UNKNOWN,
            found=f"no database at {installation.database}",
            do="quarterdeck up makes it",
        )
    engine = open_engine(settings.database or installation.database_url)
    try:
        revision.check(engine)
    except (revision.SchemaTooOld, revision.SchemaTooNew, DatabaseUnavailable) as error:
        do = AFTER[type(error)]
        return Finding(check="schema", verdict=Verdict.FAIL, found=str(error), do=do)
    finally:
        engine.dispose()
    return Finding(check="schema", verdict=Verdict.PASS, found=f"at {revision.newest()}")


def heartbeat(settings: Settings, installation: Installation) -> Finding:
    """Whether somebody outside is rung when all of this is dead, once it pages anybody."""
    if settings.heartbeat_url or not _pages(settings, installation):
        words = "rung outside each minute" if settings.heartbeat_url else "nobody is paged yet"
        return Finding(check="heartbeat", verdict=Verdict.PASS, found=words)
    return Finding(
        check="heartbeat",
        verdict=Verdict.FAIL,
        found="when all of this is dead, nobody outside hears of it",
        do="set heartbeat_url to a service that rings when it is not asked any more",
    )


def fallback(settings: Settings, installation: Installation) -> Finding:
    """Whether somebody hears of pages of which nobody else did, once there are any."""
    if settings.fallback_channel or not _pages(settings, installation):
        words = settings.fallback_channel or "nobody is paged yet"
        return Finding(check="fallback", verdict=Verdict.PASS, found=words)
    return Finding(
        check="fallback",
        verdict=Verdict.FAIL,
        found="of a page of which nobody could be told, nobody hears",
        do="set fallback_channel to mail ADDRESS, or to channel NAME of the platform",
    )


def _pages(settings: Settings, installation: Installation) -> bool:
    """Whether there is an escalation policy; a database that cannot be asked has none."""
    if not settings.database and not installation.database.is_file():
        return False
    engine = open_engine(settings.database or installation.database_url)
    try:
        revision.check(engine)
        with reading(engine) as db:
            return policies.are_there(db)
    except (revision.SchemaTooOld, revision.SchemaTooNew, DatabaseUnavailable):
        return False
    finally:
        engine.dispose()


def journal(settings: Settings, installation: Installation) -> Finding:
    """Whether the log's journal lies where locks and syncs can be trusted."""
    if settings.database and not settings.database.startswith("sqlite"):
        return Finding(check="journal", verdict=Verdict.PASS, found="in PostgreSQL")
    nearest = next(p for p in (installation.root, *installation.root.parents) if p.is_dir())
    kind = file_system(nearest)
    fit = not is_network(kind)
    return Finding(
        check="journal",
        verdict=Verdict.PASS if fit else Verdict.FAIL,
        found=f"on {kind or 'a file system that this machine does not name'}",
        do="" if fit else "give --data a folder on a local disk, or use PostgreSQL",
    )


def front_end(_settings: Settings, _installation: Installation) -> Finding:
    """Whether the console's libraries were packed in."""
    packed = files("quarterdeck.console").joinpath("static", "vendor").is_dir()
    return Finding(
        check="front end",
        verdict=Verdict.PASS if packed else Verdict.FAIL,
        found="packed" if packed else "the console's libraries are missing",
        do="" if packed else "in a checkout: make setup; else install the package again",
    )


def checks(store: KeyStore) -> list[Callable[[Settings, Installation], Finding]]:
    """All of them, in the order in which they are shown; ``store`` asks the KMS once."""
    return [
        sqlite,
        folder,
        space,
        clock,
        port,
        partial(keys, store=store),
        partial(kms, store=store),
        key_backup,
        schema,
        journal,
        heartbeat,
        fallback,
        mail,
        rooms,
        apprise,
        front_end,
    ]
