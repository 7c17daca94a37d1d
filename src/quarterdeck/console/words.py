"""How values read on a page: times, spans, numbers. Pure; Jinja's filters."""

from datetime import UTC, datetime, timedelta

from quarterdeck.kernel.money import Money

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
TWO_UNITS_BELOW = 10
MANY_DIGITS = 12
JOINT = "\N{NO-BREAK SPACE}"


def span(length: timedelta) -> str:
    """A length of time in one or two units: ``12 s``, ``4 min``, ``3 h 12 min``, ``9 d``."""
    seconds = int(length.total_seconds())
    for index, (size, unit) in enumerate(_STEPS):
        if seconds >= size:
            whole, rest = divmod(seconds, size)
            text = f"{whole}{JOINT}{unit}"
            if index + 2 < len(_STEPS) and whole < TWO_UNITS_BELOW:
                smaller, name = _STEPS[index + 1]
                text += f" {rest // smaller}{JOINT}{name}" if rest >= smaller else ""
            return text
    return f"0{JOINT}s"


def ago(moment: datetime, now: datetime) -> str:
    """How long before ``now``, or how long after: ``4 min ago``, ``in 3 h``, ``just now``."""
    if abs(now - moment) < timedelta(seconds=1):
        return "just now"
    return f"{span(now - moment)}{JOINT}ago" if moment < now else f"in{JOINT}{span(moment - now)}"


def utc(moment: datetime) -> str:
    """To the second, in UTC: ``2026-02-28 12:00:00 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(moment: datetime) -> str:
    """As ``<time datetime>`` has it, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def hours(moment: datetime, now: datetime) -> str:
    """The time of day, with the date where that is not today: ``03:12``, ``Nov 19 03:12``."""
    moment = moment.astimezone(UTC)
    same = moment.date() == now.astimezone(UTC).date()
    return f"{moment:%H:%M}" if same else f"{moment:%b} {moment.day} {moment:%H:%M}"


def number(value: int) -> str:
    """With its thousands apart: ``1,503``."""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """A number and its noun: ``1 tenant``, ``3 tenants``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def short(digest: str) -> str:
    """The beginning of a hash or id: enough to compare by eye."""
    return digest if len(digest) <= MANY_DIGITS else f"{digest[:MANY_DIGITS]}…"


def money(value: Money) -> str:
    """To the hundredth, with its currency: ``1,204.50 EUR``."""
    return f"{value.amount:,.2f}{JOINT}{value.currency}"
