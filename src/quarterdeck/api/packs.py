"""/api/v1/packs"""

from collections import Counter
from typing import Annotated, Any

from pydantic import BaseModel, Field

from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.packs import loader
from quarterdeck.packs.linting import plain
from quarterdeck.packs.model import Difference, Grade, Pack
from quarterdeck.packs.shipped import Shipped, names, shipped
from quarterdeck.web.deps import InRead, InWork
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/packs", tags=["packs"])

EXAMPLE = {
    "pack.yaml": "pack: acme\ntitle: Acme\nsource: our own\nversion: '1'\n",
    "tenants.yaml": "kind: tenant\nname: acme\nspec: {name: Acme}\n",
}


class PackFiles(BaseModel):
    """A pack: the text of its YAML files by path; pack.yaml says what it is."""

    files: dict[str, str] = Field(examples=[EXAMPLE])


class DifferenceBody(BaseModel):
    """One item of a pack against what stands."""

    step: str = Field(description="add, change or keep.")
    kind: str
    name: str
    place: str = Field(description="File and line.")
    before: dict[str, Any] | None
    after: dict[str, Any]


class PackBody(BaseModel):
    """A pack that comes with the product, and how many findings lint has of each grade."""

    name: str
    title: str
    source: str = Field(description="What it was taken from.")
    version: str
    digest: str = Field(description="SHA-256 of its files, hex.")
    items: int
    error: int
    warning: int
    settled: int


class Packs(BaseModel):
    """The packs that come with the product."""

    packs: list[PackBody]


class FindingBody(BaseModel):
    """What is wrong with a pack."""

    grade: Grade = Field(description="error: it is not applied; settled: a ruling says what holds.")
    what: str
    place: str = Field(description="File and line, and where the runbook has it.")
    also: list[str] = Field(description="The other places that it takes to be wrong.")
    key: str = Field(description="The name of a ruling on it; empty: nothing settles it.")
    ruling: str = Field(description="What was ruled; empty: nothing.")
    ruled_at: str


class Findings(BaseModel):
    """All that is wrong with a pack, the worst first."""

    pack: str
    findings: list[FindingBody]


class PackAnswer(BaseModel):
    """What applying a pack does, or did."""

    pack: str
    version: str
    digest: str = Field(description="SHA-256 of its files, hex.")
    differences: list[DifferenceBody]


@router.get("", responses=problems(401, 403), **needs("packs:read"))
def list_packs(work: InRead) -> Packs:
    """The packs that come with the product."""
    work.require("packs:read", PLATFORM)
    return Packs(packs=[_pack(shipped(name)) for name in names()])


@router.post("/lint", responses=problems(401, 403, 422), **needs("packs:read"))
def lint_pack(body: PackFiles, work: InRead) -> Findings:
    """What is wrong in a pack; it may name what the installation has. Changes nothing."""
    pack, found = loader.looked_at(work, body.files)
    return Findings(pack=pack.name, findings=[FindingBody(**plain(one)) for one in found])


@router.post("/diff", responses=problems(401, 403, 422), **needs("packs:read"))
def diff_pack(body: PackFiles, work: InRead) -> PackAnswer:
    """What applying a pack would do. Changes nothing."""
    return _answer(*loader.diff(work, body.files))


@router.post("/apply", responses=problems(401, 403, 409, 422), **needs("packs:apply"))
def apply_pack(body: PackFiles, work: InWork) -> PackAnswer:
    """Make what stands be as the pack says; all of it or nothing."""
    return _answer(*loader.apply(work, body.files))


@router.get("/export", responses=problems(401, 403), **needs("packs:read"))
def export_pack(
    work: InRead, name: Annotated[str, Field(max_length=100, min_length=1)] = "exported"
) -> PackFiles:
    """All policy that stands, as the files of a pack."""
    return PackFiles(files=loader.export(work, name))


def _pack(found: Shipped) -> PackBody:
    grades = Counter(one.grade for one in found.findings)
    return PackBody(
        name=found.pack.name,
        title=found.pack.title,
        source=found.pack.source,
        version=found.pack.version,
        digest=found.pack.digest,
        items=len(found.pack.items),
        error=grades[Grade.ERROR],
        warning=grades[Grade.WARNING],
        settled=grades[Grade.SETTLED],
    )


def _answer(pack: Pack, differences: list[Difference]) -> PackAnswer:
    return PackAnswer(
        pack=pack.name,
        version=pack.version,
        digest=pack.digest,
        differences=[
            DifferenceBody(
                step=d.step,
                kind=d.item.kind,
                name=d.item.name,
                place=str(d.item.place),
                before=None if d.before is None else dict(d.before),
                after=dict(d.item.spec),
            )
            for d in differences
        ],
    )
