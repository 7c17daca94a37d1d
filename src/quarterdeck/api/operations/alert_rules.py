"""/api/v1/alert-rules: the rules by which alerts fire."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import AwareDatetime

from quarterdeck.api.operations.rule_bodies import (
    AppliedBody,
    Back,
    BaselineBody,
    Because,
    Carried,
    CarriedBody,
    ExportBody,
    Period,
    RuleAccount,
    RuleBody,
    RuleDiff,
    RuleHistory,
    RulePage,
    Trial,
    TriedBody,
    VersionBody,
    Written,
)
from quarterdeck.operations.rules.forms import native
from quarterdeck.operations.rules.model import RuleInvalid, State
from quarterdeck.operations.rules.service import comparing, exchanging, looking, trying, writing
from quarterdeck.operations.rules.service.exchanging import Form
from quarterdeck.web.deps import InRead, Installation, InWork
from quarterdeck.web.paging import InPage
from quarterdeck.web.permissions import needs
from quarterdeck.web.problems import problems
from quarterdeck.web.routes import api_router

router = api_router(prefix="/alert-rules", tags=["alert rules"])

READS, WRITES = problems(401, 403, 404, 422), problems(401, 403, 404, 409, 422)
READ, WRITE = needs("alerts:read"), needs("rules:write")

States = Annotated[list[State], Query(max_length=6)]
Version = Annotated[int, Query(ge=1, le=2**31 - 1)]


@router.get("", responses=READS, **READ)
def list_alert_rules(
    work: InRead,
    response: Response,
    page: InPage,
    tenant: str = "",
    state: States = [],  # noqa: B006  FastAPI copies it
) -> RulePage:
    """Rules by tenant and name, each with what it says now."""
    after = (str(page.after[0]), str(page.after[1])) if page.after else ("", "")
    rows = looking.listed(work, tenant, states=state, after=after, limit=page.fetch)
    shown = page.turn(response, rows, lambda one: (one.tenant, one.rule.name))
    counts = looking.counts(work, tenant)
    return RulePage(rules=[RuleBody.of(one) for one in shown], counts=dict(counts))


@router.post("/{tenant}/import", responses=WRITES, **WRITE)
def import_alert_rules(tenant: str, work: InWork, said: Carried) -> CarriedBody:
    """Apply every rule of a text, or none; its form is told by what stands at its top."""
    work.require("rules:write", tenant)
    found = exchanging.read(said.text, said.file)
    done = writing.apply_all(work, tenant, found.rules, said.why, dry_run=said.dry_run)
    return CarriedBody(
        form=found.form,
        created=list(done.created),
        changed=list(done.changed),
        unchanged=list(done.unchanged),
        notes=list(found.notes),
    )


@router.post("/{tenant}/catalogue", responses=WRITES, **WRITE)
def install_alert_catalogue(tenant: str, work: InWork, said: Because) -> AppliedBody:
    """Apply the rules of runbook 004's alert catalogue; a rule of such a name stays as it is."""
    return AppliedBody.of(exchanging.install_catalogue(work, tenant, said.why))


@router.get("/{tenant}/export", responses=READS, **READ)
def export_alert_rules(
    tenant: str,
    work: InRead,
    form: Form = Form.NATIVE,
    file: Annotated[str | None, Query(max_length=300)] = None,
) -> ExportBody:
    """A tenant's rules in one form, those that can be said in it; or those of one file."""
    return ExportBody(form=form, text=exchanging.carry_out(work, tenant, form, file))


@router.post("/{tenant}/test", responses=READS, **READ)
def try_written_rule(tenant: str, work: InRead, runtime: Installation, trial: Trial) -> TriedBody:
    """What a rule that there might be would say; nothing changes."""
    work.require("alerts:read", tenant)
    at = trial.at or work.now
    return TriedBody.of(trying.tried(work, runtime.metrics, tenant, native.one(trial.rule), at))


@router.get("/{tenant}/{rule}", responses=READS, **READ)
def get_alert_rule(tenant: str, rule: str, work: InRead) -> RuleAccount:
    """One rule, with what of it is pending or fires."""
    return RuleAccount.told(looking.one(work, tenant, rule))


@router.put("/{tenant}/{rule}", responses=WRITES, **WRITE)
def apply_alert_rule(tenant: str, rule: str, work: InWork, said: Written) -> RuleBody:
    """Have a rule hold from now on; a new version, unless it says what it says already."""
    work.require("rules:write", tenant)
    made = native.one({"name": rule, **said.rule})
    if made.name != rule:
        raise RuleInvalid(f"the rule is named {made.name}, its address {rule[:80]}", "#/rule/name")
    expected = said.expected_version
    return RuleBody.of(writing.apply(work, tenant, made, why=said.why, expected=expected))


@router.delete("/{tenant}/{rule}", responses=WRITES, status_code=204, **WRITE)
def delete_alert_rule(
    tenant: str, rule: str, work: InWork, why: Annotated[str, Query(max_length=2000)] = ""
) -> None:
    """Have a rule hold no more: its alerts end, its history stays."""
    writing.delete(work, tenant, rule, why)


@router.get("/{tenant}/{rule}/versions", responses=READS, **READ)
def list_alert_rule_versions(tenant: str, rule: str, work: InRead) -> RuleHistory:
    """Every version, newest first: who, when, and why; also of a rule that was deleted."""
    found = looking.history(work, tenant, rule)
    return RuleHistory(versions=[VersionBody.of(one) for one in found])


@router.get("/{tenant}/{rule}/diff", responses=READS, **READ)
def diff_alert_rule(tenant: str, rule: str, work: InRead, old: Version, new: Version) -> RuleDiff:
    """What changed from one version to another."""
    return RuleDiff(old=old, new=new, diff=looking.diff(work, tenant, rule, old, new))


@router.get("/{tenant}/{rule}/test", responses=READS, **READ)
def try_alert_rule(
    tenant: str,
    rule: str,
    work: InRead,
    runtime: Installation,
    at: Annotated[AwareDatetime | None, Query(description="Default: now.")] = None,
) -> TriedBody:
    """What a rule would have said at an instant, by the samples stored by now, with them."""
    found = looking.one(work, tenant, rule).kept.rule
    return TriedBody.of(trying.tried(work, runtime.metrics, tenant, found, at or work.now))


@router.put("/{tenant}/{rule}/baseline", responses=WRITES, **WRITE)
def record_alert_rule_baseline(
    tenant: str, rule: str, work: InWork, runtime: Installation, said: Period
) -> BaselineBody:
    """Record what is usual of the numbers that a rule looks at, by those of a period."""
    comparing.record(work, runtime.metrics, tenant, rule, said.since, said.until)
    return BaselineBody.told(*comparing.compared(work, runtime.metrics, tenant, rule))


@router.get("/{tenant}/{rule}/baseline", responses=READS, **READ)
def get_alert_rule_baseline(
    tenant: str, rule: str, work: InRead, runtime: Installation
) -> BaselineBody:
    """How far the numbers that a rule looks at are off what is usual of them."""
    return BaselineBody.told(*comparing.compared(work, runtime.metrics, tenant, rule))


@router.post("/{tenant}/{rule}/rollback", responses=WRITES, **WRITE)
def roll_back_alert_rule(tenant: str, rule: str, work: InWork, said: Back) -> RuleBody:
    """Have a rule be again what it was at a version, as a new version; also one deleted."""
    return RuleBody.of(writing.roll_back(work, tenant, rule, said.version, said.why))


@router.post("/{tenant}/{rule}/enable", responses=WRITES, **WRITE)
def enable_alert_rule(tenant: str, rule: str, work: InWork, said: Because) -> RuleBody:
    """Have a rule be evaluated."""
    return RuleBody.of(writing.enable(work, tenant, rule, on=True, why=said.why))


@router.post("/{tenant}/{rule}/disable", responses=WRITES, **WRITE)
def disable_alert_rule(tenant: str, rule: str, work: InWork, said: Because) -> RuleBody:
    """Have a rule be evaluated no more until it is enabled; its alerts end."""
    return RuleBody.of(writing.enable(work, tenant, rule, on=False, why=said.why))
