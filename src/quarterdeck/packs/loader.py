"""Packs as people use them: lint, diff, apply, export. Applying twice is applying once."""

import msgspec
import yaml

from quarterdeck.events.packs import PackApplied
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Work
from quarterdeck.packs.kinds import KINDS
from quarterdeck.packs.linting import findings
from quarterdeck.packs.model import Difference, Finding, Grade, Item, Pack, Step
from quarterdeck.packs.naming import Misnamed
from quarterdeck.packs.reading import Files, parse

ORDER = list(KINDS)


class PackHasFindings(Invalid):
    """The pack cannot be applied as it is: two of its lines contradict, or one has no form."""


def lint(files: Files) -> list[Finding]:
    """What is wrong in ``files``; needs no installation. Raise UnreadablePack if it is no pack."""
    return findings(parse(files))


def looked_at(work: Work, files: Files) -> tuple[Pack, list[Finding]]:
    """As ``lint``; what the installation has already may be named without being in the pack."""
    work.require("packs:read", PLATFORM)
    pack = parse(files)
    return pack, judged(work, pack)


def judged(work: Work, pack: Pack) -> list[Finding]:
    """What is wrong in a pack, for this installation."""
    work.require("packs:read", PLATFORM)
    return findings(pack, lambda kind, name: _stands(work, kind, name))


def diff(work: Work, files: Files) -> tuple[Pack, list[Difference]]:
    """What applying would do, in its order; raise PackHasFindings where it could not."""
    pack = _sound(files)
    return pack, compared(work, pack)


def compared(work: Work, pack: Pack) -> list[Difference]:
    """What applying a pack would do, each of whose items is of its form."""
    work.require("packs:read", PLATFORM)
    policy = [item for item in pack.items if item.kind in KINDS]
    items = sorted(policy, key=lambda item: ORDER.index(item.kind))
    return [_difference(work, item) for item in items]


def apply(work: Work, files: Files) -> tuple[Pack, list[Difference]]:
    """Make what stands be as the pack says, all of it or nothing; what was done."""
    work.require("packs:apply", PLATFORM)
    pack, differences = diff(work, files)
    steps = [d.step for d in differences]
    for difference in differences:
        if difference.step is not Step.KEEP:
            item = difference.item
            kind = KINDS[item.kind]
            kind.put(work, item.name, kind.read(item.spec))
    if any(step is not Step.KEEP for step in steps):
        work.publish(
            PackApplied(
                tenant=PLATFORM,
                pack=pack.name,
                version=pack.version,
                digest=pack.digest,
                added=steps.count(Step.ADD),
                changed=steps.count(Step.CHANGE),
            )
        )
    return pack, differences


def export(work: Work, name: str) -> dict[str, str]:
    """All that stands, as the files of a pack called ``name``; applied here it changes nothing."""
    work.require("packs:read", PLATFORM)
    manifest = {
        "pack": name,
        "title": name,
        "source": "exported",
        "version": f"{work.now:%Y-%m-%d}",
    }
    files = {"pack.yaml": yaml.safe_dump(manifest, sort_keys=False)}
    for kind in KINDS:
        documents = [_document(work, kind, named) for named in KINDS[kind].names(work)]
        if documents:
            files[f"{kind}.yaml"] = yaml.safe_dump_all(documents, sort_keys=False)
    return files


def _document(work: Work, kind: str, name: str) -> dict[str, object]:
    return {"kind": kind, "name": name, "spec": dict(KINDS[kind].standing(work, name) or {})}


def _sound(files: Files) -> Pack:
    pack = parse(files)
    errors = [one for one in findings(pack) if one.grade is Grade.ERROR]
    if errors:
        raise PackHasFindings("; ".join(f"{one.place}: {one.what}" for one in errors))
    return pack


def _stands(work: Work, kind: str, name: str) -> bool:
    try:
        return KINDS[kind].standing(work, name) is not None
    except Misnamed:  # nothing can have that name
        return False


def _difference(work: Work, item: Item) -> Difference:
    kind = KINDS[item.kind]
    before = kind.standing(work, item.name)
    wanted = msgspec.to_builtins(kind.read(item.spec))
    changed = Step.KEEP if before == wanted else Step.CHANGE
    return Difference(item=item, step=Step.ADD if before is None else changed, before=before)
