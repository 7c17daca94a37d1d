"""The names of items that belong to a tenant: TENANT/RULE, TENANT/ENVIRONMENT/SERVICE."""

from quarterdeck.kernel.errors import Invalid


class Misnamed(Invalid):
    """The item's name does not say where it belongs."""


def parts(name: str, shape: str) -> list[str]:
    """The parts of a name of that shape, none empty; raise Misnamed."""
    found = name.split("/")
    if len(found) != len(shape.split("/")) or not all(found):
        raise Misnamed(f"{name[:80]} does not say where it belongs; expected {shape}")
    return found
