"""What the platform says of itself: structured logs, metrics, slow statements."""

import logging
import sys
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from quarterdeck.kernel.timings import Timings

STATEMENTS = Histogram(
    "quarterdeck_database_statement_seconds",
    "Time of SQL statements, by what they do.",
    ["verb"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2),
)
JOBS_ENDED = Counter(
    "quarterdeck_jobs_ended_total", "Runs of jobs, by how they ended.", ["kind", "state"]
)
JOBS_RUNNING = Gauge("quarterdeck_jobs_running", "Jobs that this process runs now.")
FACTS_DELIVERED = Counter("quarterdeck_facts_delivered_total", "Facts received.", ["subscriber"])
FACTS_DEAD = Counter("quarterdeck_facts_dead_total", "Facts put aside.", ["subscriber"])

DATABASE_BYTES = Gauge("quarterdeck_database_bytes", "Size of the database.")
DATABASE_ERRORS = Counter(
    "quarterdeck_database_errors_total",
    "Statements that the database refused: deadlock, lock, lost or other.",
    ["kind"],
)
DEADLOCKS = Counter(
    "quarterdeck_database_deadlocks_total", "Deadlocks, and locks that were waited for too long."
)
SLOWEST = Gauge(
    "quarterdeck_database_slowest_seconds",
    "Of the last statements the slowest, by what it does.",
    ["verb"],
)
POOL_USED = Gauge("quarterdeck_pool_used", "Database connections in use.", ["pool"])
POOL_MAX = Gauge("quarterdeck_pool_max", "Database connections that may be used.", ["pool"])

SERVICE_REQUESTS = Counter(
    "quarterdeck_service_requests_total",
    "Requests answered, by service of runbook 004; outcome is ok, refused (4xx) or error (5xx).",
    ["service", "outcome"],
)
SERVICE_SECONDS = Histogram(
    "quarterdeck_service_request_seconds",
    "Time until an answer was sent whole, by service; of a stream, until it began.",
    ["service"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10),
)
DEPENDENCY_SECONDS = Histogram(
    "quarterdeck_dependency_seconds",
    "Time that a dependency took to answer a readiness check.",
    ["dependency"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2),
)
DEPENDENCY_UP = Gauge(
    "quarterdeck_dependency_up",
    "1 where the last readiness check was not unhealthy.",
    ["dependency"],
)

OUTBOX_BACKLOG = Gauge(
    "quarterdeck_outbox_backlog", "Appended records that await the outbox relay."
)
OUTBOX_AGE = Gauge("quarterdeck_outbox_oldest_seconds", "Age of the oldest of those.")
CONSUMER_LAG = Gauge(
    "quarterdeck_consumer_lag", "Published records that await a consumer.", ["consumer"]
)
CONSUMER_AGE = Gauge(
    "quarterdeck_consumer_oldest_seconds", "Age of the oldest of those.", ["consumer"]
)
TOPIC_MISSED = Counter(
    "quarterdeck_topic_missed_total",
    "Records that the broker did not bring as they were appended; they were read from the log.",
    ["consumer"],
)
MESSAGES_SCHEDULED = Gauge(
    "quarterdeck_messages_scheduled", "Messages that failed and are tried again.", ["consumer"]
)
DEAD_LETTERS = Gauge("quarterdeck_dead_letters", "Dead letters.", ["consumer", "reason"])

CHATTY = ("alembic", "uvicorn", "httpx2", "azure", "msal")
"""Libraries whose news are of interest only to who debugs them."""


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
"""What every line bears."""


def log_also_to(handler: logging.Handler, service: str) -> None:
    """Send this process's logs to ``handler`` too, as JSON lines that bear the role it plays."""

    def named(_log: Any, _method: str, line: Any) -> Any:  # noqa: ANN401  structlog's types
        return line | {"service": service}

    handler.setFormatter(_formatter(structlog.processors.JSONRenderer(default=str), named))
    logging.getLogger().addHandler(handler)


def _formatter(*last: Any) -> logging.Formatter:  # noqa: ANN401  structlog's types
    *more, renderer = reversed(last)
    removed = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        processors=[removed, *more, renderer], foreign_pre_chain=SHARED
    )


def log_to_stderr(level: str, form: str) -> None:
    """Send this process's logs, ours and the libraries', to standard error.

    ``form`` ``auto`` is text on a terminal and JSON lines elsewhere. Each line bears what
    is bound to its context, such as the request id.
    """
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(renderer))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    if level == "INFO":
        for chatty in CHATTY:
            logging.getLogger(chatty).setLevel(logging.WARNING)


def watch_statements(engine: Engine, slow_ms: int) -> Timings:
    """Time every statement of ``engine``; log those of ``slow_ms`` or more, never their values.

    The times of the last ones, by their text.
    """
    kept = Timings(slow_ms)
    log = structlog.get_logger("database")

    @event.listens_for(engine, "before_cursor_execute")
    def begin(db: Connection, *_: object) -> None:
        db.info["began"] = perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def end(db: Connection, _cursor: object, sql: str, *_: object) -> None:
        took = perf_counter() - db.info.pop("began", perf_counter())
        STATEMENTS.labels(sql.split(None, 1)[0].upper()).observe(took)
        kept.record(sql, took * 1000)
        if took * 1000 >= slow_ms:
            log.warning("slow statement", sql=sql, duration_ms=round(took * 1000, 1))

    event.listen(engine, "handle_error", _count_error)
    return kept


def _count_error(context: ExceptionContext) -> None:
    kind = kind_of(context.original_exception)
    DATABASE_ERRORS.labels(kind).inc()
    if kind in ("deadlock", "lock"):
        DEADLOCKS.inc()


def kind_of(error: BaseException) -> str:
    """``deadlock``, ``lock`` (waited too long), ``lost`` (the connection) or ``other``."""
    state = getattr(error, "sqlstate", None) or ""
    if state == "40P01":
        return "deadlock"
    if state == "55P03" or "is locked" in str(error):
        return "lock"
    return "lost" if state.startswith(("08", "57P")) else "other"
