"""quarterdeck up: everything on one machine, kept running."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.output import REFUSED, UNAVAILABLE, say, stop
from quarterdeck.kernel import restarts, workers
from quarterdeck.kernel.clock import micros, utc_now
from quarterdeck.kernel.errors import QuarterdeckError
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.listening import PortInUse, listen
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.supervise import (
    Ears,
    Process,
    ProcessDied,
    Program,
    Supervisor,
    notify_systemd,
    start,
)
from quarterdeck.kernel.supervise import stop as end

MIGRATE_S, READY_S = 300.0, 120.0  # who dies is noticed at once; a busy machine starts slowly

commands = typer.Typer(add_completion=False, rich_markup_mode=None)


@commands.command()
def up(
    data: flags.Data = None,
    database: flags.Database = None,
    host: flags.Host = None,
    port: flags.Port = None,
    base_url: flags.BaseUrl = None,
    tls_cert: flags.TlsCert = None,
    tls_key: flags.TlsKey = None,
    behind_proxy: flags.BehindProxy = None,
) -> None:
    """Run everything on this machine; no server to install.

    Makes the data directory and the first admin's token where there are none. SIGTERM
    ends it in order; SIGHUP replaces its processes without losing a connection.
    """
    settings = flags.configured(
        data=data,
        database=database,
        host=host,
        port=port,
        base_url=base_url,
        tls_cert=tls_cert,
        tls_key=tls_key,
        behind_proxy=behind_proxy,
    )
    house = House(settings.settings, flags.installation_of(settings))
    house.open()
    say(f"Quarterdeck answers at {house.url}")
    _show_first_token(house)
    say("Connect a cloud tenant: quarterdeck tenant connect --help, or the Tenants page.")
    house.run()


class House:
    """One running installation: its data directory, its socket, its processes."""

    def __init__(self, settings: Settings, installation: Installation) -> None:
        self._installation = installation
        self.settings = replace(settings, data=str(installation.root))
        self._processes: list[Process] = []
        self.url = ""
        self.first_token = ""
        self._scales = False

    def open(self) -> None:
        """Start all and return when all are ready; ends with words where that fails."""
        try:
            self._installation.prepare()
            self._lock = self._installation.lock()
            self._socket = listen(self.settings.host, self.settings.port)
        except PortInUse as error:
            stop(str(error), UNAVAILABLE)
        except QuarterdeckError as error:
            stop(str(error), REFUSED)
        port = self._socket.getsockname()[1]
        self.settings = replace(self.settings, port=port)
        self.url = self.settings.base_url or self._address(port)
        try:
            self._start(self._migrated())
        except ProcessDied as error:
            self.close()
            stop(str(error), UNAVAILABLE)

    def run(self) -> None:
        """Keep all running until told to end."""
        notify_systemd("READY=1")
        scales = self._scales and workers.most_of(self.settings) > 1
        ears = Ears(say, self._note_restart, self._more if scales else None)
        Supervisor(self._processes, self.settings.stop_grace_s, ears).run()

    def close(self) -> None:
        """End what still runs."""
        end([p for p in self._processes if p.child.poll() is None], self.settings.stop_grace_s)

    def add(self, program: Program) -> tuple[Process, dict[str, Any]]:
        """Keep one more program running, and what it said when it was ready."""
        process = start(program)
        self._processes.append(process)
        return process, process.wait_ready(READY_S)

    def _note_restart(self, name: str, code: int, attempt: int) -> None:
        folder = Path(self.settings.data) / restarts.FOLDER
        restarts.leave(folder, name, code, attempt, micros(utc_now()))

    def _more(self) -> list[Program]:
        """The workers that are wanted besides the first."""
        wanted = min(workers.asked(self._installation.root).wanted, workers.most_of(self.settings))
        first = self._program("serve", "--role", "worker")
        return [replace(first, name=f"{first.name}-{number}") for number in range(2, wanted + 1)]

    def _migrated(self) -> bool:
        migrate = start(self._program("migrate"))
        try:
            said = migrate.wait_ready(MIGRATE_S)
        finally:
            end([migrate], self.settings.stop_grace_s)
        self.first_token = str(said["first_token"])
        return bool(said["two_processes"])

    def _start(self, two_processes: bool) -> None:  # noqa: FBT001  one answer of one question
        if not two_processes:
            say("this SQLite is unsafe for two processes (WAL reset): running as one")
        self._scales = two_processes
        # Who pages is not to wait for a sync: neither for its interpreter nor for its turn.
        self.settings = replace(self.settings, jobs_apart=two_processes)
        roles = ["worker", "jobs", "web"] if two_processes else ["all"]
        started = [start(self._program("serve", "--role", role)) for role in roles]
        self._processes.extend(started)
        for process in started:
            process.wait_ready(READY_S)

    def _program(self, *arguments: str) -> Program:
        socket = self._socket.fileno()
        handed = ["--socket", str(socket)] if arguments[0] == "serve" else []
        return Program(
            name=arguments[-1],
            arguments=[*arguments, *handed],
            inherit=[socket] if handed else [],
            environment=self.settings.environment(),
        )

    def _address(self, port: int) -> str:
        scheme = "https" if self.settings.tls_cert else "http"
        return f"{scheme}://{self.settings.host}:{port}"


def _show_first_token(house: House) -> None:
    if not house.first_token:
        return
    path = Path(house.first_token)
    say(f"First sign-in: the token in {path} (for 24 hours, or one sign-in)")
    if typer.get_text_stream("stderr").isatty():
        say(f"  {path.read_text().strip()}")
