import pytest

from access.stage import ROOT, Stage
from quarterdeck.access.tenants import service as tenants
from quarterdeck.access.tenants.model import (
    Change,
    NoSuchTenant,
    TenantArchivedAlready,
    TenantExists,
    TenantMovedOn,
)
from quarterdeck.kernel.errors import Invalid
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.work import Actor, MissingPermission, TenantNotFound

READER = Actor("reader", frozenset({("tenants:read", "acme")}))


def test_a_tenant_created_can_be_read_and_is_announced(stage: Stage) -> None:
    with stage.work() as work:
        created = tenants.create(work, "acme", "Acme", owner="ada", purpose="trade")
    with stage.look() as work:
        assert tenants.tenant_of(work, "acme") == created
    (fact,) = stage.told()
    assert (fact.name, fact.tenant, fact.payload["name"]) == ("TenantCreated", "acme", "Acme")


@pytest.mark.parametrize("name", ["acme", "Acme_1.x~y-z", "new-tenant-guid-here", "9" * 63])
def test_an_id_may_be_a_slug_or_what_a_cloud_gave(stage: Stage, name: str) -> None:
    stage.tenant(name)
    with stage.look() as work:
        assert [t.id for t in tenants.visible(work)] == [name]


@pytest.mark.parametrize(
    "name",
    ["", PLATFORM, "_x", "*", ".", "..", "-x", "a/b", "a b", "a?b", "a%2fb", "é", "a\n", "9" * 64],
)
def test_an_id_that_breaks_urls_or_is_reserved_is_refused(stage: Stage, name: str) -> None:
    with pytest.raises(Invalid, match="tenant's id"):
        stage.tenant(name)


def test_an_id_is_never_given_twice_even_after_its_tenant_ended(stage: Stage) -> None:
    stage.tenant("acme")
    with pytest.raises(TenantExists):
        stage.tenant("acme")
    with stage.work() as work:
        tenants.archive(work, "acme")
    with pytest.raises(TenantExists):
        stage.tenant("acme")


def test_a_stale_writer_is_refused_and_changes_nothing(stage: Stage) -> None:
    stage.tenant("acme")
    with stage.work() as work:
        assert tenants.change(work, "acme", Change(name="New"), version=1).version == 2
    with pytest.raises(TenantMovedOn), stage.work() as work:
        tenants.change(work, "acme", Change(name="Stale"), version=1)
    with stage.look() as work:
        assert tenants.tenant_of(work, "acme").name == "New"
    assert [f.name for f in stage.told()] == ["TenantCreated", "TenantRenamed"]


def test_what_is_not_named_in_a_change_stays(stage: Stage) -> None:
    with stage.work() as work:
        tenants.create(work, "acme", "Acme", owner="ada", description="old")
        changed = tenants.change(work, "acme", Change(description=""))
    assert (changed.name, changed.owner, changed.description) == ("Acme", "ada", "")
    assert [f.name for f in stage.told()] == ["TenantCreated", "TenantDescribed"]


def test_an_archived_tenant_can_be_read_but_not_changed(stage: Stage) -> None:
    stage.tenant("acme")
    with stage.work() as work:
        tenants.archive(work, "acme")
    with stage.look() as work:
        assert tenants.tenant_of(work, "acme").archived_at == stage.now
    with pytest.raises(TenantArchivedAlready), stage.work() as work:
        tenants.change(work, "acme", Change(name="x"))
    with pytest.raises(TenantArchivedAlready), stage.work() as work:
        tenants.require_open(work, "acme")


def test_others_tenants_are_not_there_and_pages_follow_each_other(stage: Stage) -> None:
    for name in ("acme", "beta", "core"):
        stage.tenant(name)
    with stage.look(READER) as work:
        assert [t.id for t in tenants.visible(work)] == ["acme"]
        with pytest.raises(TenantNotFound):
            tenants.tenant_of(work, "beta")
        with pytest.raises(MissingPermission):
            tenants.archive(work, "acme")
        with pytest.raises(MissingPermission):
            tenants.create(work, "mine", "Mine")
    with stage.look(ROOT) as work:
        first = tenants.visible(work, limit=2)
        assert [t.id for t in tenants.visible(work, after=first[-1].id)] == ["core"]
        with pytest.raises(NoSuchTenant):
            tenants.tenant_of(work, "nowhere")
