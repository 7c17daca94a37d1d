"""Label sets: what identifies an alert, as Prometheus has it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from quarterdeck.kernel.text import is_storable
from quarterdeck.operations.alerts.model import Alert, Severity

FNV_OFFSET, FNV_PRIME, MASK = 14695981039346656037, 1099511628211, 2**64 - 1
SEPARATOR = 255
ANNOTATION_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

MOST_LABELS = 64
LONGEST_NAME = 256
LONGEST_VALUE = 8192
LARGEST = 32_768  # of all names and values of one alert together, characters

SEVERITIES = {
    **dict.fromkeys(("critical", "page", "emergency", "fatal", "error", "high"), Severity.CRITICAL),
    **dict.fromkeys(("sev-1", "sev1", "sev-2", "sev2", "p1", "p2"), Severity.CRITICAL),
    **dict.fromkeys(("warning", "warn", "medium", "sev-3", "sev3", "p3"), Severity.WARNING),
    **dict.fromkeys(("info", "informational", "notice", "none", "low"), Severity.INFO),
    **dict.fromkeys(("sev-4", "sev4", "p4", "debug"), Severity.INFO),
}
"""What the ``severity`` labels of this world's rules mean here."""


def fingerprint(labels: Mapping[str, str]) -> str:
    """16 hexadecimal digits: FNV-1a over names and values in order (model.LabelSet.Fingerprint)."""
    return _fingerprint(tuple(sorted(labels.items())))


@lru_cache(maxsize=65_536)  # what fires is pushed again each minute
def _fingerprint(pairs: tuple[tuple[str, str], ...]) -> str:
    digest = FNV_OFFSET
    for pair in pairs:
        for word in pair:
            for octet in word.encode():
                digest = ((digest ^ octet) * FNV_PRIME) & MASK
            digest = ((digest ^ SEPARATOR) * FNV_PRIME) & MASK
    return f"{digest:016x}"


def under(alert: Alert, labels: Mapping[str, str]) -> Alert:
    """``alert``, under other labels than it has now."""
    sign = replace(alert.sign, labels=labels)
    return replace(alert, sign=sign, fingerprint=fingerprint(labels))


def severity_of(labels: Mapping[str, str]) -> Severity:
    """How much an alert with these labels matters; a word nobody knows is a warning."""
    return SEVERITIES.get(labels.get("severity", "").lower(), Severity.WARNING)


def fault(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """What is wrong with a pair of label sets; empty if nothing is. The words are theirs."""
    if not labels:
        return "at least one label pair required"
    if "" in labels:
        return 'invalid label set: invalid name ""'
    bad = next((name for name in annotations if not ANNOTATION_NAME.fullmatch(name)), None)
    if bad is not None:
        return f'invalid annotations: invalid name "{bad[:80]}"'
    if not is_storable(" ".join((*labels, *labels.values(), *annotations.values()))):
        return "invalid label set: text must be UTF-8 without NUL"
    return _bomb(labels, annotations)


def _bomb(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    if len(labels) > MOST_LABELS or len(annotations) > MOST_LABELS:
        return f"more than {MOST_LABELS} labels, or annotations"
    pairs = [*labels.items(), *annotations.items()]
    if any(len(name) > LONGEST_NAME for name, _ in pairs):
        return f"a label's name has more than {LONGEST_NAME} characters"
    if any(len(value) > LONGEST_VALUE for value in labels.values()):
        return f"a label's value has more than {LONGEST_VALUE} characters"
    if sum(len(name) + len(value) for name, value in pairs) > LARGEST:
        return f"labels and annotations have more than {LARGEST} characters together"
    return ""
