"""An installation whose keys a vault wraps: how it starts, what it says, what goes on."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from providers.conftest import shared_simulator, simulator
from providers.rehearsal import Rehearsal
from providers.vault import Vault, settings
from quarterdeck.kernel.clock import utc_now
from quarterdeck.kernel.health import Health
from quarterdeck.kernel.ids import PLATFORM
from quarterdeck.kernel.installation import Installation
from quarterdeck.kernel.work import begin
from quarterdeck.trail.keys import custody
from quarterdeck.trail.keys.keystore import KeyStore
from quarterdeck.trail.keys.model import KmsFailed
from quarterdeck.trail.log.opening import open_trail
from quarterdeck.wiring.assembling import build_runtime
from quarterdeck.wiring.kms import key_store
from servers import databases
from trail.keys.kms import SARA, wrap
from wiring.house import House, house

__all__ = ["shared_simulator", "simulator"]

NEEDING = {"gateway": "key_vault", "export": "kms_signing", "integrity": "signing_keys"}
ROLES = NEEDING | {"ingestion": "kms", "policy": "kms"}


@pytest.fixture
def files(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """SQLite: what a KMS does to a start does not depend on the database."""
    template = tmp_path_factory.getbasetemp() / "tables.db"
    with databases.opened(databases.sqlite(template, tmp_path)) as opened:
        yield opened


@pytest.fixture
def vault(simulator: Rehearsal) -> Vault:
    return Vault(simulator)


@pytest.fixture
def told(vault: Vault) -> dict[str, Any]:
    """The settings that name the vault."""
    found = settings(vault.simulator)
    azure = {n: getattr(found, n) for n in type(found).__dataclass_fields__ if "azure" in n}
    return azure | {"kms": f"azurekeyvault:{vault.address}"}


@pytest.fixture
def well(files: Engine, tmp_path: Path, told: dict[str, Any]) -> Iterator[House]:
    """All is well, and the vault wraps the keys."""
    with house(files, tmp_path, **told) as built:
        wrap(built.runtime.keys, told["kms"])
        yield built


def start(well: House) -> KeyStore:
    """The keys of a process that starts now."""
    home = Installation(well.home.root)
    with closing(open_trail(well.engine, home.trail, lasting=False)) as trail:
        made = build_runtime(well.runtime.settings, home, well.engine, trail)
        made.explorer.read.dispose()
        return made.keys


def test_a_start_asks_the_vault_once_and_keeps_the_key_in_memory(well: House, vault: Vault) -> None:
    keys = start(well)
    vault.ask("DELETE", f"/keys/{vault.key}")
    assert keys.of("acme") == well.runtime.keys.of("acme")
    assert keys.check() == 2


@pytest.mark.census("ATP-050")
def test_without_the_vault_nothing_starts_and_it_is_said_why(well: House, vault: Vault) -> None:
    vault.ask("DELETE", f"/keys/{vault.key}")
    with pytest.raises(KmsFailed, match=vault.address) as failed:
        start(well)
    assert "az keyvault key recover" in str(failed.value)


@pytest.mark.census("ATP-048", "ATP-050", "ATP-069", "ATP-072")
def test_readiness_names_the_vault_while_what_runs_goes_on(well: House, vault: Vault) -> None:
    assert well.unwell() == {}
    vault.simulator.lever("lacks", permission="Key Vault Crypto User")
    well.changed()  # asks anew
    assert well.unwell() == {role: {name} for role, name in ROLES.items()}
    found = {role: well.entries(role)[name] for role, name in ROLES.items()}
    assert {role: one.status for role, one in found.items()} == {
        role: Health.UNHEALTHY if role in NEEDING else Health.DEGRADED for role in ROLES
    }
    for one in found.values():
        assert vault.address in one.description
        assert "grant Key Vault Crypto User" in one.description
    well.happen()
    well.work()
    assert well.runtime.reader.size("acme") > 1
    vault.simulator.calm()
    well.changed()
    assert well.unwell() == {}


def test_each_change_stands_in_the_log_of_the_installation(well: House) -> None:
    keys, reader = well.runtime.keys, well.runtime.reader
    before = reader.size(PLATFORM)
    with begin(well.engine, SARA, utc_now) as work:
        custody.rewrap(work, keys, custody.prepare_rewrap(work, keys, well.runtime.settings.kms))
    with begin(well.engine, SARA, utc_now) as work:
        custody.unwrap(work, keys, custody.prepare_unwrap(work, keys))
    well.work()
    found = b"\n".join(reader.entries(PLATFORM, before, reader.size(PLATFORM) - before))
    assert [action for action in (b"keys:rewrap", b"keys:unwrap") if action not in found] == []


def test_a_new_log_is_sealed_without_asking_the_vault(well: House, vault: Vault) -> None:
    keys = key_store(well.runtime.settings, well.home)
    keys.open()
    vault.ask("DELETE", f"/keys/{vault.key}")
    keys.begin("later")
    assert keys.custody().plain == 0
