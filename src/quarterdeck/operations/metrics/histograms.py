"""Quantiles of histograms, by the counts of their buckets. Pure."""

import math
from collections.abc import Mapping


def bound(words: str) -> float:
    """The upper bound that a bucket's ``le`` says; NaN where it says none."""
    try:
        return float(words)
    except ValueError:
        return math.nan


def quantile(counts: Mapping[float, float], part: float) -> float | None:
    """The value below which ``part`` (0 to 1) of the observations lie, as Prometheus estimates it.

    Observations are taken to lie evenly in their bucket. Beyond the last finite bound the
    answer is that bound. None: no observation, or no bucket without a bound.

    Args:
        counts: by upper bound, how many observations are at most that.
        part: of all observations.
    """
    bounds = sorted(known for known in counts if not math.isnan(known))
    total = counts.get(math.inf, 0.0)
    if not total or not bounds or len(bounds) == 1:
        return None
    rank = part * total
    at = next((n for n, upper in enumerate(bounds) if counts[upper] >= rank), len(bounds) - 1)
    if math.isinf(bounds[at]):
        return bounds[-2]
    lower = bounds[at - 1] if at else min(0.0, bounds[0])
    below = counts[bounds[at - 1]] if at else 0.0
    inside = counts[bounds[at]] - below
    return lower if not inside else lower + (bounds[at] - lower) * (rank - below) / inside
