"""A key of a vault that wraps: against a server that does the true arithmetic."""

from contextlib import closing

import pytest

from providers.rehearsal import QUICK, Rehearsal, options_for
from providers.vault import Vault, settings
from quarterdeck.governance.cloud.ports import CloudFailure, Denied
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.azure.clouds import AzureClouds
from quarterdeck.providers.azure.keyvault import KeyVault, address_of, advice
from quarterdeck.providers.azure.options import AzureOptions
from quarterdeck.trail.keys.model import KmsFailed, KmsUnknown, Wrapped
from quarterdeck.trail.keys.seal import new_key
from quarterdeck.wiring.kms import kms_of


@pytest.fixture
def vault(simulator: Rehearsal) -> Vault:
    return Vault(simulator)


def test_the_newest_version_wraps_and_older_ones_still_unwrap(vault: Vault) -> None:
    kms, secret = vault.kms(), new_key()
    first = kms.wrap(secret)
    assert secret not in first.content
    vault.rotate()
    second = kms.wrap(secret)
    assert first.version != second.version
    assert {first.version.rpartition("/")[0], second.version.rpartition("/")[0]} == {vault.address}
    assert kms.unwrap(first) == kms.unwrap(second) == secret


@pytest.mark.parametrize("credential", ["", "env:QUARTERDECK_TEST_KEK"])
def test_an_installation_opens_it_by_its_settings(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, credential: str
) -> None:
    simulator, secret = vault.simulator, new_key()
    monkeypatch.setenv("QUARTERDECK_TEST_KEK", simulator.tenant().client_secret)
    own = "wrong" if credential else simulator.tenant().client_secret
    told = settings(simulator, kms_credential=credential, azure_client_secret=own)
    kms = kms_of(told)(f"azurekeyvault:{vault.address}")
    assert kms.name == f"azurekeyvault:{vault.address}"
    assert kms.unwrap(kms.wrap(secret)) == secret


def test_a_machine_asks_as_itself(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    access = vault.simulator.tenant()
    monkeypatch.setenv(
        "IDENTITY_ENDPOINT", f"{vault.simulator.running.url}/{access.tenant_id}/msi/token"
    )
    monkeypatch.setenv("IDENTITY_HEADER", access.client_secret)
    nobody = dict.fromkeys(("azure_client_id", "azure_client_secret"), "")
    told = settings(vault.simulator, kms_credential="managed-identity", **nobody)
    kms = kms_of(told)(f"azurekeyvault:{vault.address}")
    secret = new_key()
    assert kms.unwrap(kms.wrap(secret)) == secret


def failed(kms: KeyVault, wrapped: Wrapped | None = None) -> str:
    """What it says that it does not do."""
    with pytest.raises(KmsFailed) as failure:
        kms.wrap(new_key()) if wrapped is None else kms.unwrap(wrapped)
    assert kms.address in str(failure.value)
    return str(failure.value)


def test_a_role_that_is_missing_is_named(vault: Vault) -> None:
    wrapped = vault.kms().wrap(new_key())
    vault.simulator.lever("lacks", permission="Key Vault Crypto User")
    for one in (None, wrapped):
        assert "grant Key Vault Crypto User" in failed(vault.kms(), one)


def test_a_disabled_version_and_a_disabled_key_are_to_be_enabled(vault: Vault) -> None:
    kms = vault.kms()
    wrapped = kms.wrap(new_key())
    version = wrapped.version.rpartition("/")[2]
    vault.enable(version, enabled=False)
    assert "--enabled true" in failed(kms)
    assert "--enabled true" in failed(kms, wrapped)
    vault.rotate()
    kms.wrap(new_key())
    assert "not allowed on a disabled key" in failed(kms, wrapped)
    vault.enable(version, enabled=True)
    kms.unwrap(wrapped)


def test_a_deleted_key_is_to_be_recovered(vault: Vault) -> None:
    kms = vault.kms()
    wrapped = kms.wrap(new_key())
    vault.ask("DELETE", f"/keys/{vault.key}")
    for one in (None, wrapped):
        assert "az keyvault key recover" in failed(kms, one)
    vault.ask("POST", f"/deletedkeys/{vault.key}/recover")
    kms.unwrap(wrapped)


def test_what_another_version_or_another_key_wrapped_is_told_apart(vault: Vault) -> None:
    kms = vault.kms()
    first = kms.wrap(new_key())
    vault.rotate()
    second = kms.wrap(new_key())
    mixed = Wrapped(version=second.version, algorithm=second.algorithm, content=first.content)
    assert "this version did not wrap it" in failed(kms, mixed)
    other = Vault(vault.simulator).kms().wrap(new_key())
    assert f"is no version of the key {vault.address}" in failed(kms, other)
    algorithm = Wrapped(version=second.version, algorithm="RSA1_5", content=second.content)
    assert "keys restore" in failed(kms, algorithm)


def test_too_many_requests_are_waited_for_and_then_told(vault: Vault) -> None:
    kms = vault.kms()
    vault.simulator.fault("throttle", on="keys", times=1, seconds=0.01)
    kms.wrap(new_key())
    vault.simulator.fault("throttle", on="keys", seconds=40)
    assert "too many requests" in failed(kms)
    with pytest.raises(KmsFailed) as failure:
        kms.wrap(new_key())
    assert failure.value.retry_after_s == 40


@pytest.mark.parametrize("kind", ["unavailable", "broken"])
def test_a_vault_that_is_down_for_a_moment_is_asked_again(vault: Vault, kind: str) -> None:
    kms = vault.kms()
    vault.simulator.fault(kind, on="keys", times=1)
    kms.wrap(new_key())
    vault.simulator.fault(kind, on="keys")
    assert "try again later" in failed(kms) or kind == "unavailable"


def test_a_vault_that_is_late_or_not_there_is_named(vault: Vault) -> None:
    kms = vault.kms(silence_s=0.2, patience=QUICK)
    vault.simulator.fault("slow", on="keys", seconds=1, times=3)
    assert "no answer in time" in failed(kms)
    away = KeyVault(address="https://127.0.0.1:9/keys/k", opened=kms.opened)
    assert "private endpoint" in failed(away)


def test_another_directorys_application_and_a_wrong_secret_are_told(vault: Vault) -> None:
    assert "AKV10032" in failed(vault.kms(tenant=1))
    words = failed(vault.kms(secret="wrong"))
    assert "AADSTS7000215" in words
    assert "kms_credential" in words


@pytest.mark.parametrize(
    ("said", "do"),
    [
        ("Public network access is disabled and request is not from a trusted service", "let this"),
        ("Client address is not authorized and caller is not a trusted service.", "let this"),
        ("Operation unwrapKey is not allowed on a disabled key.", "--enabled true"),
        ("Operation wrapKey is not allowed on an expired key.", "change the dates"),
        ("Operation wrapKey is not permitted on this key.", "key_ops"),
        ("Caller is not authorized to perform action on resource.", "grant Key Vault Crypto User"),
    ],
)
def test_each_refusal_says_what_would_do(said: str, do: str) -> None:
    assert do in advice(Denied(said, missing=""))


def test_without_anybody_to_be_it_says_what_to_set(vault: Vault) -> None:
    assert "AZURE_CLIENT_SECRET" in failed(vault.kms(secret=""))
    assert "azure_managing_tenant" in failed(vault.kms(directory=""))


def test_what_opens_a_vault_is_in_none(vault: Vault) -> None:
    options = options_for(vault.simulator.running)
    with (
        closing(AzureClouds(options, utc_now, {})) as clouds,
        pytest.raises(CloudFailure, match="cannot stand in a vault"),
    ):
        clouds.platform("keyvault:corp/secret")


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example/keys/k",
        "https://vault.azure.net.evil.example/keys/k",
        "https://evil.example@corp.vault.azure.net/keys/k",
        "http://corp.vault.azure.net/keys/k",
        "https://corp.vault.azure.net/secrets/k",
        "https://corp.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef",
        "https://corp.vault.azure.net/keys/k?x=y",
        "https://127.0.0.1:9/keys/k",
    ],
)
def test_a_token_for_vaults_goes_to_no_other_place(name: str) -> None:
    with pytest.raises(KmsUnknown, match="kms must be azurekeyvault:https://VAULT"):
        address_of(f"azurekeyvault:{name}", AzureOptions())


def test_an_address_is_written_in_one_way() -> None:
    found = address_of("azurekeyvault:https://Corp.vault.azure.net/keys/k/", AzureOptions())
    assert found == "https://corp.vault.azure.net/keys/k"
