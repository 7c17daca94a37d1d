"""Applying packs, on both databases."""

import pytest
from sqlalchemy import Engine, select

from quarterdeck.access.principals.model import installation
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.errors import Forbidden, Invalid
from quarterdeck.kernel.outbox import outbox
from quarterdeck.kernel.work import Actor, begin, read
from quarterdeck.packs import loader
from quarterdeck.packs.model import Step

ADMIN = installation()
NOBODY = Actor("nobody", frozenset())
FILES = {
    "pack.yaml": "pack: acme\ntitle: Acme\nsource: our own\nversion: '1'\n",
    # Files are read by name: the limit comes first, and its tenant must be made before it.
    "a-limits.yaml": "kind: rate_limit\nname: acme\nspec: {per_minute: 60, burst: 5}\n",
    "tenants.yaml": "kind: tenant\nname: acme\nspec: {name: Acme, owner: ada}\n",
}


def steps(engine: Engine, files: dict[str, str]) -> list[Step]:
    with begin(engine, ADMIN, utc_now) as work:
        return [d.step for d in loader.apply(work, files)[1]]


def told(engine: Engine) -> list[str]:
    with engine.connect() as db:
        return list(db.scalars(select(outbox.c.name).where(outbox.c.tenant == "_platform")))


def test_applying_twice_is_applying_once(engine: Engine) -> None:
    assert steps(engine, FILES) == [Step.ADD, Step.ADD]
    assert steps(engine, FILES) == [Step.KEEP, Step.KEEP]
    assert told(engine).count("PackApplied") == 1


def test_a_change_is_shown_before_it_is_made(engine: Engine) -> None:
    steps(engine, FILES)
    changed = FILES | {"tenants.yaml": FILES["tenants.yaml"].replace("owner: ada", "owner: eve")}
    with read(engine, ADMIN, utc_now) as work:
        tenant = loader.diff(work, changed)[1][0]
    assert (tenant.step, dict(tenant.before or {})["owner"]) == (Step.CHANGE, "ada")
    assert steps(engine, changed) == [Step.CHANGE, Step.KEEP]


def test_a_pack_with_findings_changes_nothing(engine: Engine) -> None:
    broken = FILES | {"z.yaml": "kind: moon\nname: x\n"}
    with pytest.raises(Invalid, match=r"z.yaml:1: no kind moon"):
        steps(engine, broken)
    assert told(engine) == []


def test_an_item_that_cannot_be_applied_undoes_the_others(engine: Engine) -> None:
    broken = FILES | {"a-limits.yaml": FILES["a-limits.yaml"].replace("acme", "nowhere")}
    with pytest.raises(Exception, match="nowhere"):
        steps(engine, broken)
    with read(engine, ADMIN, utc_now) as work:
        assert loader.export(work, "x").keys() == {"pack.yaml"}


def test_an_export_applied_again_changes_nothing(engine: Engine) -> None:
    steps(engine, FILES)
    with read(engine, ADMIN, utc_now) as work:
        exported = loader.export(work, "copy")
    assert loader.lint(exported) == []
    assert steps(engine, exported) == [Step.KEEP, Step.KEEP]


@pytest.mark.parametrize("use", [loader.apply, loader.diff])
def test_who_may_not_is_refused(engine: Engine, use: object) -> None:
    with pytest.raises(Forbidden), begin(engine, NOBODY, utc_now) as work:
        use(work, FILES)  # type: ignore[operator]
