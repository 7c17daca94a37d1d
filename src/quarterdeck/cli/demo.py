"""quarterdeck demo: everything, on a simulated cloud, in a folder of its own."""

from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Annotated, Any

import typer

from quarterdeck import packs
from quarterdeck.cli import flags
from quarterdeck.cli.client import Client, told
from quarterdeck.cli.output import UNAVAILABLE, say, stop
from quarterdeck.cli.progress import Job, follow
from quarterdeck.cli.up import House
from quarterdeck.kernel.installation import Installation, write_private
from quarterdeck.kernel.settings import Settings
from quarterdeck.kernel.supervise import ProcessDied, Program
from quarterdeck.packs.reading import files_of

SYNC_S = 60
PACK = "azure-governance"
COST_TAGS = "costCenter"
COST_QUOTAS = 100  # else costs come a minute after all else
COSTS = "costs"
DOMAINS = ("resources", "compliance", "identity", COSTS)

commands = typer.Typer(add_completion=False, rich_markup_mode=None)


@dataclass(frozen=True, slots=True)
class Cloud:
    """The simulated cloud as it described itself."""

    said: dict[str, Any]
    pid: int

    def settings(self, settings: Settings) -> Settings:
        """The same installation, pointed at this cloud."""
        return replace(
            settings,
            azure_endpoint=self.said["url"],
            azure_authority=self.said["authority"],
            azure_ca=self.said["ca_file"],
        )


@commands.command()
def demo(
    port: flags.Port = None,
    tenants: Annotated[int, typer.Option(min=1, max=100, help="Simulated tenants.")] = 3,
    resources: Annotated[int, typer.Option(min=0, help="In all tenants together.")] = 1_500,
    seed: Annotated[int, typer.Option(help="The same seed makes the same cloud.")] = 7,
    interval: Annotated[int, typer.Option(min=1, help="Seconds between syncs.")] = SYNC_S,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the data folder at the end.")] = False,
) -> None:
    """Run everything on a simulated cloud, to look around. Ctrl-C ends it and tidies up.

    Requests from this machine need no credential while it runs; the console says so.
    """
    root = Path(mkdtemp(prefix="quarterdeck-demo-"))
    settings = flags.configured(
        data=root,
        host="127.0.0.1",
        port=port,
        sync_resources_s=interval,
        cost_tags=COST_TAGS,
        demo=True,
    ).settings
    house = House(replace(settings, database=""), Installation(root))
    simulator = ["simulate", "azure", "--tenants", tenants, "--resources", resources]
    simulator += ["--seed", seed, "--data", root / "simulator", "--cost-quotas", COST_QUOTAS]
    try:
        cloud = _simulated(
            house,
            Program(name="simulator", arguments=[*map(str, simulator)], again=False, quiet=True),
        )
        house.settings = cloud.settings(house.settings)
        house.open()
        client = Client(house.url)
        with told():
            _connect(client, cloud, root)
            follow(client, "sync", _all_but_costs)
            _take_part(client, cloud)
            _welcome(client, cloud, root)
        house.run()
    finally:
        house.close()
        if not keep:
            rmtree(root)


def _simulated(house: House, simulator: Program) -> Cloud:
    try:
        process, said = house.add(simulator)
    except ProcessDied as error:
        stop(str(error), UNAVAILABLE)
    return Cloud(said, process.child.pid)


def _connect(client: Client, cloud: Cloud, root: Path) -> None:
    for tenant in cloud.said["tenants"]:
        secret = root / "simulator" / f"{tenant['tenant_id']}.secret"
        write_private(secret, tenant["client_secret"])
        client.post(
            "/api/v1/tenants",
            {
                "name": tenant["name"],
                "tenant_id": tenant["tenant_id"],
                "description": "Simulated",
                "client_id": tenant["client_id"],
                "client_secret_ref": f"file:{secret}",
                "use_lighthouse": False,
            },
        )
    for domain in DOMAINS:
        client.post(f"/api/v1/sync/{domain}")


def _take_part(client: Client, cloud: Cloud) -> None:
    """Have every tenant take part in what the pack of the first runbook defines."""
    client.post("/api/v1/packs/apply", {"files": files_of(Path(packs.__file__).parent / PACK)})
    for programme in client.get("/api/v1/programmes")["programmes"]:
        for tenant in cloud.said["tenants"]:
            part = f"/api/v1/programmes/{programme['name']}/tenants/{tenant['tenant_id']}"
            client.put(part, None)


def _all_but_costs(job: Job) -> bool:
    """What is waited for: of costs there are by far the most."""
    return bool(job["domain"] != COSTS)


def _welcome(client: Client, cloud: Cloud, root: Path) -> None:
    url = client.url
    tenants = client.get("/api/v1/tenants")
    total = client.get("/api/v1/resources", limit=1)["total_resources"]
    first = tenants[0]["tenant_id"]
    say(f"""
{len(tenants)} tenants and {total} resources, synced over HTTPS from a simulated cloud.

  Console   {url}
  Data      {root}
  Costs     are still read: two months, each day of each tenant
  Cloud     process {cloud.pid}; end it (kill {cloud.pid}) and the page turns stale

Try, in another terminal:
  export QUARTERDECK_URL={url}
  quarterdeck status
  quarterdeck resource list --tenant {first} --limit 5
  quarterdeck sync run
  quarterdeck trail verify --tenant {first}
  curl -s {url}/api/v1/resources | jq .total_resources

Ctrl-C ends the demo.""")
