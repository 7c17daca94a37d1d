"""Trying a classification on an event, without taking it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from quarterdeck.kernel.errors import Invalid
from quarterdeck.trail.ingest.fields import divided
from quarterdeck.trail.ingest.wire import event_of
from quarterdeck.trail.policy.compiled import Classifier, Timed
from quarterdeck.trail.policy.model import Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a classification makes of an event.

    Attributes:
        classes: by path.
        clear: what of its payload would stand in clear.
        subjects: whose key would seal each committed field, by path.
    """

    classes: Mapping[str, str]
    retention: str
    clear: Any
    subjects: Mapping[str, str]


def tried(rules: Classification, sample: Mapping[str, Any]) -> Tried:
    """Classify ``sample``, an event as it is sent; raise Invalid where it would be refused."""
    try:
        event = event_of(msgspec.json.encode(sample))
    except (TypeError, ValueError) as error:
        raise Invalid(f"the sample is no event: {error}") from error
    classifier = Classifier(rules)
    shape = classifier.shape(event.action, event.resource.type)
    found = divided(event, Timed(classifier, shape))
    return Tried(
        classes=dict(sorted(found.classes.items())),
        retention=shape.retention,
        clear=msgspec.json.decode(found.payload or b"null"),
        subjects={one.path: one.subject for one in found.hidden},
    )
