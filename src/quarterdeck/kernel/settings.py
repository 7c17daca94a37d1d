"""Settings: typed, with the place each value came from.

In order of rank: a flag, the environment (prefix ``QUARTERDECK_``), ``quarterdeck.toml``,
the default. The runbooks' own ``LOG_LEVEL`` and ``AZURE_CLIENT_SECRET`` are read too,
from the environment or ``.env`` (runbook 000, sections 6.2 and 9.3).
"""

# ruff: noqa: RUF009  setting() is dataclasses.field with words

import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from dotenv import dotenv_values
from msgspec import Meta

from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.text import is_mail

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1)]
Days = Annotated[int, Meta(ge=1, le=3660)]
Amount = Annotated[float, Meta(gt=0, le=1_000_000_000)]  # refuses infinity, and nan

PREFIX = "QUARTERDECK_"
ALIASES = {"log_level": "LOG_LEVEL", "azure_client_secret": "AZURE_CLIENT_SECRET"}
FILES = (Path("quarterdeck.toml"), Path("/etc/quarterdeck/quarterdeck.toml"))
MORE = (
    *("slack_url", "pagerduty_url", "pagerduty_api_url"),
    *("prometheus_url", "azure_graph_endpoint", "azure_status_url"),
)
MIN_SECRET_BYTES = 32
WORKER, JOBS = "worker", "jobs"  # roles that answer nobody
MASK = "********"
ADDRESS = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)
KMS = re.compile(r"azurekeyvault:https://[^/\s]+/keys/[A-Za-z0-9-]+/?|file:/\S+")
PASSWORD = re.compile(r"(://[^/@:]*:)[^/]*@")  # in a URL


class UnusableSetting(Invalid):
    """A setting has a value that cannot be used."""


class Source(StrEnum):
    """Where a value came from."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


def setting(default: Any, words: str, *, secret: bool = False) -> Any:  # noqa: ANN401  as dataclasses.field
    """A setting with the words that its documentation shows."""
    return field(default=default, metadata={"help": words, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an installation can be told."""

    data: str = setting("", "Data directory; default: XDG state, or /var/lib/quarterdeck for root.")
    database: str = setting("", "SQLAlchemy URL; default: SQLite in the data directory.")
    host: str = setting("127.0.0.1", "Address to listen on.")
    port: Port = setting(8080, "Port to listen on; 0 takes a free one.")
    base_url: str = setting("", "The address people use, for links and sign-in.")
    tls_cert: str = setting("", "Certificate chain, PEM file.")
    tls_key: str = setting("", "Private key of the certificate, PEM file.")
    behind_proxy: str = setting("", "CIDR of the proxy that ends TLS; its X-Forwarded-* count.")
    secret: str = setting(
        "", "Signs cursors, 32 bytes or more; default: made once, in keys/.", secret=True
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting("INFO", "Least level logged.")
    log_format: Literal["auto", "json", "text"] = setting("auto", "auto: text on a terminal.")
    slow_query_ms: int = setting(100, "Statements slower than this are logged, milliseconds.")
    pool_size: Count = setting(
        10, "Database connections kept by a process; when busy it opens as many again."
    )
    prepare_threshold: int = setting(-1, "psycopg's; -1 never prepares, as poolers need.")
    worker_threads: Count = setting(8, "Jobs that one process runs at once.")
    workers_most: int = setting(
        0,
        "Workers that `up` runs at most while ProjectionLagHigh fires; 0: 3, and 1 on SQLite.",
    )
    lease_s: Amount = setting(
        15.0, "Seconds after which another process takes a silent one's jobs."
    )
    heartbeat_s: Amount = setting(15.0, "Seconds between heartbeats of a live stream.")
    stop_grace_s: Amount = setting(10.0, "Seconds a stopping process gives its work to end.")
    max_body_bytes: Count = setting(1_048_576, "Largest request body.")
    rate_limit_per_s: Amount = setting(50.0, "Requests a second that a tenant may make.")
    rate_limit_burst: Count = setting(200, "Requests a tenant may make at once.")
    session_hours: Amount = setting(12.0, "Hours after which an unused console session ends.")
    token_max_days: Count = setting(365, "Longest life of a token, days.")
    sync_costs_s: Count = setting(86_400, "Seconds between syncs of costs.")
    sync_compliance_s: Count = setting(14_400, "Seconds between syncs of compliance.")
    sync_resources_s: Count = setting(3600, "Seconds between syncs of resources.")
    sync_identity_s: Count = setting(86_400, "Seconds between syncs of identity.")
    sync_identity_whole_s: Annotated[int, Meta(ge=0)] = setting(
        604_800,
        "Seconds between whole readings of a directory; in between, of users, groups and "
        "applications only what changed is read. 0: always all.",
    )
    cost_days_back: Days = setting(60, "Days that the first reading of costs goes back.")
    cost_tags: str = setting(
        "", "Tags that costs are kept by too, parted by commas; each is a query more."
    )
    owner_tags: str = setting(
        "owner,team,contact", "Tags that say whose a resource is, parted by commas; the first wins."
    )
    azure_endpoint: str = setting("https://management.azure.com", "Azure Resource Manager.")
    azure_authority: str = setting("https://login.microsoftonline.com", "Issuer of its tokens.")
    azure_graph_endpoint: str = setting(
        "", "Microsoft Graph; default: https://graph.microsoft.com, or the simulator in use."
    )
    azure_status_url: str = setting(
        "", "Azure's status feed, RSS; default: Azure's own, or that of the simulator in use."
    )
    azure_ca: str = setting("", "The one CA file to trust for all; default: the usual ones.")
    azure_managing_tenant: str = setting(
        "", "Directory of the platform's own application; Azure Lighthouse delegates to it."
    )
    azure_machine_identity: bool = setting(
        default=False, words="Be the machine's own identity where no secret is named."
    )
    azure_resource_graph: bool = setting(
        default=True, words="Read resources by Resource Graph where it answers."
    )
    azure_record: str = setting("", "Folder that gets every exchange with Azure, secrets removed.")
    azure_client_id: str = setting("", "Platform's own application, where a connection has none.")
    azure_client_secret: str = setting("", "Secret of the platform's own application.", secret=True)
    kms: str = setting(
        "",
        "KMS that wraps the keys of logs: azurekeyvault:https://VAULT.vault.azure.net/keys/NAME, "
        "or file:PATH; default: none.",
    )
    kms_credential: str = setting(
        "",
        "Proof of who asks it: env:NAME, file:PATH, certificate:PATH, federated:PATH, "
        "managed-identity[:CLIENT]; default: the platform's own.",
    )
    max_delivery_count: Count = setting(10, "Deliveries of a message before it is a dead letter.")
    message_ttl_s: Amount = setting(1_209_600.0, "Seconds a message may wait for its delivery.")
    message_lock_s: Amount = setting(30.0, "Seconds that one delivery of a message may take.")
    dead_letter_limit: Count = setting(100, "Dead letters above which deliveries are degraded.")
    notifications_per_minute: Count = setting(
        12_000, "Notifications of alerts that a tenant's receivers get within a minute at most."
    )
    heartbeat_url: str = setting(
        "",
        "Address outside that gets a GET each minute while pages can flow, and rings when it "
        "does not.",
        secret=True,
    )
    fallback_channel: str = setting(
        "", "Who hears of pages that are late: mail ADDRESS, or channel NAME of the platform."
    )
    page_late_s: Amount = setting(
        60.0, "Seconds after which a step of a page that was not told, or not sent, is late."
    )
    search: bool = setting(default=False, words="Index the words of clear payloads.")
    field_search: bool = setting(
        default=True, words="Index committed fields by their exact value, under a tenant's key."
    )
    relay_apart: bool = setting(
        default=False, words="The outbox relay is a role of its own, not the worker's."
    )
    jobs_apart: bool = setting(
        default=False,
        words="Jobs (syncs, exports, reports) are run by a role of their own, not the worker; "
        "quarterdeck up sees to it.",
    )
    region: str = setting(
        "", "Region where this installation stores, as residency policies name it."
    )
    ready_watermark_s: Amount = setting(
        10.0, "Seconds behind at which the query service is not ready."
    )
    ready_lag_s: Amount = setting(
        5.0, "Seconds behind at which the projection service is not ready."
    )
    ready_dead_letters: int = setting(
        100, "Dead letters above which the projection service is degraded."
    )
    prometheus_url: str = setting(
        "", "Prometheus that evaluates alert rules in PromQL; empty: their state is not known."
    )
    prometheus_token: str = setting("", "Bearer token for it.", secret=True)
    prometheus_tenant: str = setting("_platform", "Whose alert rules it evaluates.")
    checkpoint_ml_dsa: bool = setting(
        default=False, words="Checkpoints bear an ML-DSA-44 cosignature beside Ed25519."
    )
    checkpoint_mail: str = setting(
        "",
        "Address that gets the logs' signed checkpoints each day, to keep; needs smtp_host; "
        "empty: nobody.",
    )
    nats_url: str = setting(
        "", "NATS with JetStream that brings records to consumers; empty: in process.", secret=True
    )
    sandboxes: str = setting("", "Where to try dead letters: dev=https://HOST, parted by commas.")
    sandbox_tokens: str = setting(
        "", "Tokens of the sandboxes: dev=TOKEN, parted by commas.", secret=True
    )
    oidc_issuer: str = setting("", "OpenID Connect issuer; empty: sign-in by token only.")
    oidc_client_id: str = setting("", "Client id at the issuer.")
    oidc_client_secret: str = setting("", "Client secret at the issuer.", secret=True)
    worm: str = setting("", "Sealed segments: s3://BUCKET with Object Lock; default: a folder.")
    worm_endpoint: str = setting("", "S3 server of the bucket; default: Amazon's.")
    worm_ca: str = setting("", "The one CA file to trust for it; default: the usual ones.")
    worm_region: str = setting(
        "", "Region of the bucket, as residency policies name it; of a folder it is `region`."
    )
    worm_days: Count = setting(365, "Days that a sealed segment is locked in the bucket.")
    segment_records: Count = setting(262_144, "Records after which a segment is sealed.")
    segment_age_s: Amount = setting(3600.0, "Seconds after which one is sealed with fewer.")
    witnesses: str = setting("", "Who cosigns checkpoints: VKEY=URL, separated by commas.")
    witness_quorum: int = setting(0, "Witnesses on other machines that should cosign.")
    witness_origins: str = setting("", "Logs that we cosign, by vkey, separated by commas.")
    export_bytes_per_s: int = setting(0, "Bytes a second that one export may write; 0 is no bound.")
    log_kept_mb: Count = setting(256, "Megabytes of own logs kept on this machine.")
    probe_commands: str = setting("", "Folder of the commands that probes may run; empty: none.")
    restart_commands: str = setting(
        "",
        "Folder of the commands that start services again, TENANT.ENVIRONMENT.SERVICE; "
        "empty: none.",
    )
    restarts_per_hour: Count = setting(3, "Times an hour that a command starts a service again.")
    probe_ca: str = setting("", "The one CA file that probes trust; default: the usual ones.")
    export_budget_bytes: int = setting(
        0, "Bytes that exports may come to in a day (UTC) before exports are degraded; 0: any."
    )
    webhook_networks: str = setting(
        "",
        "Networks not public that webhooks, channels and receivers of alerts may reach: "
        "10.1.0.0/16, parted by commas.",
    )
    smtp_host: str = setting("", "Mail server that sends what people are told; empty: none.")
    smtp_port: Port = setting(0, "Its port; 0: the usual one, 587, 465 or 25 by smtp_tls.")
    smtp_tls: Literal["starttls", "implicit", "none"] = setting(
        "starttls", "How the connection to it is kept private; none: not at all."
    )
    smtp_user: str = setting("", "Who signs in to it; empty: nobody.")
    smtp_password: str = setting("", "Their password.", secret=True)
    smtp_from: str = setting("", "Address that mails come from.")
    smtp_ca: str = setting("", "The one CA file to trust for it; default: the usual ones.")
    slack_url: str = setting("https://slack.com/api", "Web API of Slack, for bots' tokens.")
    slack_archive: bool = setting(
        default=True, words="Archive an incident's Slack channel once its postmortem is done."
    )
    pagerduty_url: str = setting("https://events.pagerduty.com", "Events API of PagerDuty.")
    pagerduty_api_url: str = setting("https://api.pagerduty.com", "REST API of PagerDuty.")
    prometheus_networks: str = setting(
        "", "Networks not public in which SLOs may ask a Prometheus, parted by commas."
    )
    demo: bool = setting(default=False, words="Loopback trust; set by the demo command alone.")

    def __post_init__(self) -> None:
        _check_secret(self.secret)
        _check_network("behind_proxy", self.behind_proxy)
        for name in ("webhook_networks", "prometheus_networks"):
            for network in getattr(self, name).split(","):
                _check_network(name, network.strip())
        for name in ("base_url", "azure_endpoint", "azure_authority", "oidc_issuer", *MORE):
            _check_address(name, getattr(self, name))
        _check_together("tls_cert", self.tls_cert, "tls_key", self.tls_key)
        self._check_exposure()
        _check_kms(self.kms)
        _check_together("smtp_host", self.smtp_host, "smtp_from", self.smtp_from)
        _check_mailed("checkpoint_mail", self.checkpoint_mail, self.smtp_host)
        _check_together("oidc_issuer", self.oidc_issuer, "oidc_client_id", self.oidc_client_id)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address listened on."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def runs_jobs(self) -> str:
        """The role whose processes run jobs."""
        return JOBS if self.jobs_apart else WORKER

    def environment(self) -> dict[str, str]:
        """These settings as the environment of a process that shall have the same."""
        changed = ((f.name, getattr(self, f.name), f.default) for f in fields(self))
        return {PREFIX + name.upper(): str(v) for name, v, default in changed if v != default}

    def _check_exposure(self) -> None:
        if not (self.loopback or self.tls_cert or self.behind_proxy):
            raise UnusableSetting(
                f"host {self.host} can be reached by others: give --tls-cert and --tls-key, "
                "or --behind-proxy with the network of the proxy that ends TLS"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """Settings, and where each came from by its name."""

    settings: Settings
    sources: Mapping[str, Source]

    def rows(self) -> list[tuple[str, str, Source]]:
        """Name, value (secrets masked) and source of each, in the order of the documentation."""
        return [(f.name, self._shown(f), self.sources[f.name]) for f in fields(Settings)]

    def _shown(self, of: Field[Any]) -> str:
        value = str(getattr(self.settings, of.name))
        if of.metadata["secret"] and value:
            return MASK
        return PASSWORD.sub(rf"\1{MASK}@", value)


def configure(
    flags: Mapping[str, Any], environment: Mapping[str, str], file: Path | None = None
) -> Configured:
    """Settings from all sources. A flag that is None was not given.

    Raises:
        UnusableSetting: names the setting and its source, and says what was expected.
    """
    layers = [
        (Source.FLAG, {k: v for k, v in flags.items() if v is not None}),
        (Source.ENVIRONMENT, _from_environment(environment)),
        (Source.FILE, _from_file(file)),
    ]
    values: dict[str, Any] = {}
    sources = dict.fromkeys((f.name for f in fields(Settings)), Source.DEFAULT)
    for of in fields(Settings):
        for source, layer in layers:
            if of.name in layer:
                values[of.name] = _converted(of, layer[of.name], source)
                sources[of.name] = source
                break
    return Configured(settings=Settings(**values), sources=sources)


def load(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Configured:
    """Settings as a command finds them: flags, ``environment``, ``.env`` and quarterdeck.toml.

    The file is the one that QUARTERDECK_CONFIG names, else the first of ``FILES`` that is there.
    """
    written = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    named = environment.get("QUARTERDECK_CONFIG")
    files = [Path(named)] if named else [f for f in FILES if f.is_file()]
    return configure(flags, written | dict(environment), files[0] if files else None)


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    found = {name: environment[alias] for name, alias in ALIASES.items() if environment.get(alias)}
    names = {f.name for f in fields(Settings)}
    prefixed = {
        k.removeprefix(PREFIX).lower(): v for k, v in environment.items() if k.startswith(PREFIX)
    }
    return found | {k: v for k, v in prefixed.items() if k in names}


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        values = tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise UnusableSetting(f"{file} cannot be read: {error}") from error
    unknown = sorted(values.keys() - {f.name for f in fields(Settings)})
    if unknown:
        raise UnusableSetting(f"{file} has settings nobody knows: {', '.join(unknown)}")
    return values


def _converted(of: Field[Any], value: object, source: Source) -> object:
    if of.name == "log_level":
        value = str(value).upper()
    try:
        return msgspec.convert(value, of.type, strict=False)
    except msgspec.ValidationError as error:
        shown = MASK if of.metadata["secret"] else repr(value)
        raise UnusableSetting(f"{of.name} = {shown} (from {source}): {error}") from error


def _check_secret(secret: str) -> None:
    if secret and len(secret.encode()) < MIN_SECRET_BYTES:
        raise UnusableSetting(
            f"secret (QUARTERDECK_SECRET) must have {MIN_SECRET_BYTES} bytes or more; "
            "make one with: openssl rand -hex 32"
        )


def _check_network(name: str, cidr: str) -> None:
    try:
        if cidr:
            ip_network(cidr)
    except ValueError as error:
        raise UnusableSetting(f"{name} must be a network such as 10.0.0.0/8: {error}") from error


def _check_address(name: str, address: str) -> None:
    if address and not ADDRESS.match(address):
        raise UnusableSetting(
            f"{name} = {address!r} must be an address such as https://example.com"
        )


def _check_kms(kms: str) -> None:
    if kms and not KMS.fullmatch(kms):
        raise UnusableSetting(
            f"kms = {kms!r} must be azurekeyvault:https://VAULT/keys/NAME, or file: and the whole "
            "path of a file"
        )


def _check_mailed(name: str, address: str, smtp_host: str) -> None:
    if address and not is_mail(address):
        raise UnusableSetting(f"{name} = {address!r} must be a mail address, NAME@HOST")
    if address and not smtp_host:
        raise UnusableSetting(f"{name} needs smtp_host: without a mail server nothing is sent")


def _check_together(first: str, one: str, second: str, other: str) -> None:
    if bool(one) != bool(other):
        raise UnusableSetting(f"{first} and {second} go together; one of them is missing")
