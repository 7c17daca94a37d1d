"""What is down because of what: the roots under each sick service. Pure."""

from collections.abc import Mapping, Sequence

from quarterdeck.operations.health.model.state import State

SICK = frozenset({State.DOWN, State.DEGRADED})

Edges = Mapping[str, Sequence[str]]
"""By service, those that it depends on."""


def causes(edges: Edges, states: Mapping[str, State]) -> dict[str, tuple[str, ...]]:
    """By each sick service, the sick ones at the end of its dependencies; none: it is a root.

    A service that cannot be seen hides nothing: what is sick behind it counts. A degraded
    dependency does not explain a service that is down. Sick services that explain each other
    in a ring, and that nothing else explains, are roots all of them.
    """
    sick = [name for name, state in states.items() if state in SICK]
    behind = {name: _behind(name, edges, states) for name in sick}

    def explained(name: str, by: str) -> bool:
        if by not in behind[name] or not _explains(states[by], states[name]):
            return False
        return not (name in behind.get(by, ()) and _explains(states[name], states[by]))

    roots = {n for n in sick if not any(explained(n, by) for by in behind[n])}
    return {
        name: tuple(sorted(by for by in behind[name] & roots if explained(name, by)))
        for name in sick
    }


def _explains(cause: State, effect: State) -> bool:
    return cause is State.DOWN or (cause is State.DEGRADED and effect is State.DEGRADED)


def _behind(name: str, edges: Edges, states: Mapping[str, State]) -> set[str]:
    """The services that ``name`` depends on by way of those that are not known to be healthy."""
    found: set[str] = set()
    left = list(edges.get(name, ()))
    while left:
        one = left.pop()
        if one not in found and states.get(one, State.HEALTHY) is not State.HEALTHY:
            found.add(one)
            left += edges.get(one, ())
    return found - {name}


def ordered(edges: Edges, states: Mapping[str, State]) -> list[tuple[str, int]]:
    """Every service with its depth, roots of trouble first, what is sick because of one under it.

    Then the healthy and unseen ones by name, at depth 0. Each stands there once.
    """
    blame = causes(edges, states)
    roots = sorted((n for n, why in blame.items() if not why), key=lambda n: (_rank(states[n]), n))
    under = {root: sorted(n for n, why in blame.items() if root in why) for root in roots}
    placed: dict[str, int] = {}
    for root in roots:
        placed.setdefault(root, 0)
        for name in under[root]:
            placed.setdefault(name, 1)
    for name in sorted(states, key=lambda n: (_rank(states[n]), n)):
        placed.setdefault(name, 0)
    return list(placed.items())


def _rank(state: State) -> int:
    return -list(State).index(state)
