"""Quick-reference cards as packs declare them; named TENANT/CARD."""

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.kernel.work import TenantNotFound, Work
from quarterdeck.operations.cards import service
from quarterdeck.operations.cards.model import Card, NoSuchCard, Step
from quarterdeck.packs.naming import parts

Spec = Mapping[str, Any]
SHAPE = "TENANT/CARD"
ANY = "any"  # a name that a card may bear: its own stands in the item's


class StepSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One thing to do."""

    text: str
    command: str = ""
    url: str = ""


class CardSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What a card says."""

    title: str
    steps: list[StepSpec]
    use: str = ""
    severities: list[str] = []

    def __post_init__(self) -> None:
        """Refuse what no card can be."""
        self.card(ANY)

    def card(self, name: str) -> Card:
        """What it comes to, under a name."""
        return Card(
            name=name,
            title=self.title,
            use=self.use,
            severities=tuple(self.severities),
            steps=tuple(Step(**msgspec.structs.asdict(one)) for one in self.steps),
        )


def card(work: Work, name: str) -> Spec | None:
    """The card of that name, as a spec."""
    tenant, called = parts(name, SHAPE)
    try:
        found = service.one(work, tenant, called).card
    except (NoSuchCard, TenantNotFound):
        return None
    said = {key: value for key, value in msgspec.to_builtins(found).items() if key != "name"}
    # By way of the form: lists and tuples are the same in YAML, and not in Python.
    plain: Spec = msgspec.to_builtins(msgspec.convert(said, CardSpec))
    return plain


def put_card(work: Work, name: str, spec: CardSpec) -> None:
    """Keep the card of that name."""
    tenant, called = parts(name, SHAPE)
    service.put(work, tenant, spec.card(called))


def card_names(work: Work) -> list[str]:
    """Every card that there is."""
    found: list[str] = []
    after = ("", "")
    while page := service.listed(work, after=after, limit=service.MOST):
        found += [f"{kept.tenant}/{kept.card.name}" for kept in page]
        after = (page[-1].tenant, page[-1].card.name)
    return found
