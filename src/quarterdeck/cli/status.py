"""quarterdeck status, and quarterdeck alone: what needs attention now."""

from typing import Any

import typer

from quarterdeck.cli import flags
from quarterdeck.cli.client import Client, client_of, told
from quarterdeck.cli.output import DONE, FOUND, show_json, show_table

commands = typer.Typer(add_completion=False, rich_markup_mode=None)


@commands.command()
def status(context: typer.Context, *, as_json: flags.AsJson = False) -> None:
    """Show what needs attention now. Exits 0 if nothing does, 1 if something does."""
    with told():
        found = _attention(client_of(context))
    if as_json:
        show_json(found)
    else:
        rows = [(item["what"], item["state"], item["do"]) for item in found]
        show_table(("what", "state", "do"), rows, "nothing needs attention")
    raise typer.Exit(FOUND if found else DONE)


def _attention(client: Client) -> list[dict[str, str]]:
    components = client.get("/api/v1/status")["components"]
    told = [*_pages(client), *_incidents(client), *_alerts(client), *_status_pages(client)]
    return [*told, *_components(components), *_freshness(client), *_jobs(client)]


def _pages(client: Client) -> list[dict[str, str]]:
    return [
        {
            "what": f"page: {one['title']}",
            "state": "nobody is on it",
            "do": f"quarterdeck page show {one['id']}",
        }
        for one in client.get("/api/v1/pages", state="open")["pages"]
    ]


def _alerts(client: Client) -> list[dict[str, str]]:
    asked = {"severity": "critical", "state": "firing"}
    return [
        {
            "what": f"alert: {one['title']}",
            "state": "critical, nobody is on it",
            "do": f"quarterdeck alert show {one['id']}",
        }
        for one in client.get("/api/v1/alerts", **asked)["alerts"]
    ]


def _incidents(client: Client) -> list[dict[str, str]]:
    return [
        {
            "what": f"{one['id']} {one['title']}",
            "state": one["stage"],
            "do": f"quarterdeck incident show {one['id']}",
        }
        for one in client.get("/api/v1/incidents", state="open")["incidents"]
    ]


def _status_pages(client: Client) -> list[dict[str, str]]:
    return [
        {
            "what": f"status page of {page['tenant']}",
            "state": "an update is overdue",
            "do": f"quarterdeck statuspage show --tenant {page['tenant']}",
        }
        for page in client.get("/api/v1/status-page")["pages"]
        if page["overdue"]
    ]


def _components(components: dict[str, Any]) -> list[dict[str, str]]:
    ill = {name: state for name, state in components.items() if state in ("degraded", "unhealthy")}
    return [
        {"what": name, "state": state, "do": "quarterdeck doctor"} for name, state in ill.items()
    ]


def _freshness(client: Client) -> list[dict[str, str]]:
    return [
        {
            "what": f"{row['domain']} of {row['tenant']}",
            "state": row["state"],
            "do": f"quarterdeck sync run {row['domain']} --tenant {row['tenant']}",
        }
        for row in client.get("/api/v1/freshness")["freshness"]
        if row["state"] != "current"
    ]


def _jobs(client: Client) -> list[dict[str, str]]:
    return [
        {"what": f"job {job['id']}", "state": "unknown", "do": f"quarterdeck job show {job['id']}"}
        for job in client.get("/api/v1/jobs")["jobs"]
        if job["state"] == "unknown"
    ]
