import json

import pytest

from cli.access.conftest import Run


def added(run: Run, *options: str) -> str:
    code, principal, words = run(" ".join(["access add-principal bot --program", *options]))
    assert (code, "may do nothing yet" in words) == (0, True)
    return principal


@pytest.mark.census("BK-051")
def test_a_role_is_granted_listed_and_revoked(run: Run) -> None:
    bot = added(run)
    assert run(f"access grant {bot} sre --tenant acme") == (0, "", f"{bot} is sre on acme")
    code, table, _ = run("access grants --tenant acme")
    assert (code, table.splitlines()[1].split("\t")[:3]) == (0, [bot, "sre", "acme"])
    assert run(f"access revoke {bot} sre --tenant acme")[0] == 0
    assert run("access grants --tenant acme") == (0, "", "nobody holds a role there")
    code, _, words = run(f"access revoke {bot} sre --tenant acme")
    assert (code, words) == (2, f"{bot} is not sre on acme")


@pytest.mark.census("BK-117")
def test_can_i_answers_by_its_exit_code(run: Run) -> None:
    bot = added(run)
    run(f"access grant {bot} compliance --tenant acme")
    _, token, _ = run(f"token create nightly --principal {bot}")
    assert run("access can-i holds:release --tenant acme", token) == (0, "yes", "")
    assert run("access can-i deployments:deploy --tenant acme", token) == (1, "no", "")
    code, answer, _ = run("access can-i deployments:deploy --tenant acme --json", token)
    assert (code, json.loads(answer)["allowed"]) == (1, False)
    code, _, words = run("access can-i hold:release --tenant acme", token)
    assert (code, "did you mean holds:release" in words) == (2, True)
    assert run("access can-i holds:release --tenant nowhere", token)[0] == 2
    assert run("access can-i holds:release --tenant acme", "wrong")[0] == 3
    assert run("access permissions --tenant acme", token)[1].startswith("access:ask\n")


def test_a_token_is_made_rotated_and_revoked(run: Run) -> None:
    code, secret, words = run("token create mine --days 1 --permission tenants:read --tenant acme")
    assert (code, secret[:3]) == (0, "qd_")
    assert "the only time" in words
    token = secret.split("_")[1]
    assert run("tenant show acme", secret)[0] == 0
    assert run("tenant show other", secret)[0] == 2
    _, new, _ = run(f"token rotate {token}")
    assert run("tenant show acme", secret)[0] == 3
    assert run("tenant show acme", new)[0] == 0
    assert run(f"token revoke {new.split('_')[1]}")[0] == 0
    assert run("tenant show acme", new)[0] == 3
    rows = json.loads(run("token list --json")[1])
    assert [row["name"] for row in rows] == ["tests", "mine", "mine"]


def test_every_page_of_a_list_is_shown(run: Run) -> None:
    for _ in range(55):
        added(run)
    assert len(json.loads(run("access principals --json")[1])) == 56


def test_a_principal_is_shut_out_once_that_is_meant(run: Run) -> None:
    bot = added(run)
    assert run(f"access disable {bot}")[0] == 1
    assert run(f"access disable {bot} --yes") == (0, "", f"{bot} is shut out")
    assert run(f"access grant {bot} sre --tenant acme")[0] == 3


def test_a_tenant_is_added_renamed_limited_and_archived(run: Run) -> None:
    code, tenant, _ = run("tenant connect new-tenant-guid-here Contoso --owner ada --lighthouse")
    assert code == 0
    assert tenant in run("tenant list")[1]
    assert run(f"tenant rename {tenant} Fabrikam") == (0, "", f"{tenant} is called Fabrikam")
    assert json.loads(run(f"tenant show {tenant}")[1])["owner"] == "ada"
    assert "the settings'" in run(f"tenant limit {tenant}")[1]
    changed = run(f"tenant limit {tenant} --per-minute 60 --burst 5")
    assert changed == (0, "60 a minute, 5 at once (its own)", "")
    assert "the settings'" in run(f"tenant limit {tenant} --default")[1]
    assert run(f"tenant limit {tenant} --burst 5")[0] == 2
    assert run(f"tenant archive {tenant} --yes")[0] == 0
    assert run(f"tenant rename {tenant} Again")[0] == 3


def test_roles_are_shown(run: Run) -> None:
    assert "on-call\t" in run("access roles")[1]
    roles = json.loads(run("access roles --json")[1])
    assert {"name", "permissions", "purpose"} == roles[0].keys()
