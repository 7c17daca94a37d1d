"""Words for severities, as the usual ladder has them (runbook 004, topic 9). Pure."""

LADDER = ("SEV-1", "SEV-2", "SEV-3", "SEV-4")
"""Worst first."""

ALIASES = {
    **dict.fromkeys(("p1", "sev1", "critical", "page", "emergency", "fatal"), "SEV-1"),
    **dict.fromkeys(("p2", "sev2", "high", "error"), "SEV-2"),
    **dict.fromkeys(("p3", "sev3", "medium", "warning", "warn"), "SEV-3"),
    **dict.fromkeys(("p4", "sev4", "low", "info", "informational", "notice", "none"), "SEV-4"),
}
TONES = dict(zip(LADDER, ("critical", "error", "warning", "info"), strict=True))
"""How a message about it looks."""


def named(word: str) -> str:
    """The severity that a word means, in any case; empty: none."""
    plain = word.strip()
    return plain.upper() if plain.upper() in LADDER else ALIASES.get(plain.lower(), "")


def severity_of(word: str) -> str:
    """The severity that a word means; a word that nobody knows may be the worst there is."""
    return named(word) or LADDER[0]


def worst(words: list[str]) -> str:
    """The worst that any of ``words`` means."""
    return min(map(severity_of, words), key=LADDER.index, default=LADDER[0])
