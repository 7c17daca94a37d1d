"""Tokens: whose secret, where it is, and what is said when it is wrong."""

from pathlib import Path

import pytest

from providers.rehearsal import Rehearsal, cloud_of, clouds, connection, options_for
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass


def refused(failure: CloudFailure) -> str:
    assert failure.kind is FailureClass.AUTHENTICATION
    return str(failure)


def test_a_wrong_secret_is_named_by_its_code_and_never_shown(simulator: Rehearsal) -> None:
    wrong = {"SECRET": "hunter2-hunter2"}
    with (
        clouds(options_for(simulator.running), wrong) as opened,
        pytest.raises(CloudFailure, match="AADSTS7000215") as failed,
    ):
        opened.open(connection(simulator.tenant())).check()
    assert "hunter2" not in refused(failed.value)
    assert len(failed.value.request_id) == 36


def test_an_unknown_directory_is_named_by_its_code(simulator: Rehearsal) -> None:
    absent = connection(simulator.tenant(), directory="new-tenant-guid-here")
    with (
        clouds(options_for(simulator.running), {"SECRET": "x"}) as opened,
        pytest.raises(CloudFailure, match="AADSTS90002") as failed,
    ):
        opened.open(absent).check()
    refused(failed.value)


@pytest.mark.parametrize("directory", ["two words", "../../common", "a/b"])
def test_a_directory_that_cannot_be_one_is_refused(simulator: Rehearsal, directory: str) -> None:
    odd = connection(simulator.tenant(), directory=directory)
    with (
        clouds(options_for(simulator.running), {"SECRET": "x"}) as opened,
        pytest.raises(CloudFailure) as failed,
    ):
        opened.open(odd).check()
    refused(failed.value)


def test_an_unknown_application_is_named_by_its_code(simulator: Rehearsal) -> None:
    with (
        clouds(options_for(simulator.running), {"SECRET": "x"}) as opened,
        pytest.raises(CloudFailure, match="AADSTS700016") as failed,
    ):
        opened.open(connection(simulator.tenant(), client="nobody")).check()
    refused(failed.value)


def test_an_expired_secret_is_told_apart_from_a_wrong_one(simulator: Rehearsal) -> None:
    simulator.fault("expired_secret", on="token")
    with cloud_of(simulator) as cloud, pytest.raises(CloudFailure, match="AADSTS7000222") as failed:
        cloud.check()
    refused(failed.value)


def test_a_secret_that_was_corrected_works_at_once(simulator: Rehearsal) -> None:
    simulator.fault("expired_secret", on="token", times=1)
    with cloud_of(simulator) as cloud:
        with pytest.raises(CloudFailure):
            cloud.check()
        cloud.check()


@pytest.mark.parametrize("kind", ["throttle", "unavailable", "broken"])
def test_a_token_endpoint_in_trouble_is_tried_again(simulator: Rehearsal, kind: str) -> None:
    simulator.fault(kind, on="token", times=2, seconds=0)
    with cloud_of(simulator) as cloud:
        cloud.check()
    assert simulator.faults() == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("throttle", FailureClass.RATE_LIMIT),
        ("unavailable", FailureClass.TIMEOUT),
        ("broken", FailureClass.TIMEOUT),
    ],
)
def test_trouble_of_the_token_endpoint_is_not_taken_for_a_bad_secret(
    simulator: Rehearsal, kind: str, expected: FailureClass
) -> None:
    simulator.fault(kind, on="token", seconds=900)
    with cloud_of(simulator) as cloud, pytest.raises(CloudFailure) as failed:
        cloud.check()
    assert failed.value.kind is expected
    assert failed.value.retry_after_s == (900 if kind == "throttle" else None)


def test_a_late_token_is_a_timeout(simulator: Rehearsal) -> None:
    simulator.fault("slow", on="token", seconds=5)
    with cloud_of(simulator, silence_s=0.1) as cloud, pytest.raises(CloudFailure) as failed:
        cloud.check()
    assert failed.value.kind is FailureClass.TIMEOUT


def test_one_token_serves_many_calls_and_many_clouds(simulator: Rehearsal) -> None:
    secret = {"SECRET": simulator.tenant().client_secret}
    with clouds(options_for(simulator.running), secret) as opened:
        opened.open(connection(simulator.tenant())).check()
        simulator.fault("expired_secret", on="token")
        again = opened.open(connection(simulator.tenant()))
        assert list(again.subscriptions())


def test_a_rotated_secret_is_used_by_the_next_cloud(simulator: Rehearsal, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("old and wrong")
    reference = f"file:{file}"
    with clouds(options_for(simulator.running)) as opened:
        with pytest.raises(CloudFailure, match="AADSTS7000215"):
            opened.open(connection(simulator.tenant(), reference)).check()
        file.write_text(simulator.tenant().client_secret + "\n")
        opened.open(connection(simulator.tenant(), reference)).check()


def test_the_platforms_own_secret_is_used_where_a_connection_names_none(
    simulator: Rehearsal,
) -> None:
    options = options_for(simulator.running, secret=simulator.tenant().client_secret)
    with clouds(options) as opened:
        opened.open(connection(simulator.tenant(), "")).check()


def test_the_platforms_own_application_is_used_where_a_connection_names_none(
    simulator: Rehearsal,
) -> None:
    one = simulator.tenant()
    options = options_for(simulator.running, client=one.client_id, secret=one.client_secret)
    with clouds(options) as opened:
        opened.open(connection(one, "", client="")).check()


def test_without_any_secret_the_failure_says_what_to_set(simulator: Rehearsal) -> None:
    with (
        clouds(options_for(simulator.running)) as opened,
        pytest.raises(CloudFailure, match="set AZURE_CLIENT_SECRET") as failed,
    ):
        opened.open(connection(simulator.tenant(), ""))
    refused(failed.value)


def test_the_machines_own_identity_is_used_where_that_is_allowed(
    simulator: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = simulator.tenant()
    monkeypatch.setenv("AZURE_TENANT_ID", one.tenant_id)
    monkeypatch.setenv("AZURE_CLIENT_ID", one.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", one.client_secret)
    with clouds(options_for(simulator.running, ambient=True)) as opened:
        assert list(opened.open(connection(one, "", client="")).subscriptions())


def test_a_secret_without_an_application_is_refused(simulator: Rehearsal) -> None:
    with (
        clouds(options_for(simulator.running), {"SECRET": "x"}) as opened,
        pytest.raises(CloudFailure, match="no client id"),
    ):
        opened.open(connection(simulator.tenant(), client=""))


@pytest.mark.parametrize("reference", ["env:NOT_SET", "env:EMPTY", "file:/no/such/file"])
def test_a_reference_to_nothing_is_named(simulator: Rehearsal, reference: str) -> None:
    with (
        clouds(options_for(simulator.running), {"EMPTY": ""}) as opened,
        pytest.raises(CloudFailure, match=reference) as failed,
    ):
        opened.open(connection(simulator.tenant(), reference))
    refused(failed.value)


def test_a_reference_to_what_is_no_text_is_named_without_it(
    simulator: Rehearsal, tmp_path: Path
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe-hidden")
    with clouds(options_for(simulator.running)) as opened:
        with pytest.raises(CloudFailure, match="binary cannot be read") as failed:
            opened.open(connection(simulator.tenant(), f"file:{tmp_path / 'binary'}"))
        with pytest.raises(CloudFailure, match="cannot be read"):
            opened.open(connection(simulator.tenant(), f"file:{tmp_path}"))
    assert "hidden" not in refused(failed.value)


@pytest.mark.parametrize("pasted", ["S3cret~pasted-by-mistake", "vault:S3cret", "env:", "S3cret:"])
def test_a_secret_pasted_for_a_reference_is_not_repeated(simulator: Rehearsal, pasted: str) -> None:
    with (
        clouds(options_for(simulator.running)) as opened,
        pytest.raises(CloudFailure, match="forms that are known: env:NAME, file:PATH") as failed,
    ):
        opened.open(connection(simulator.tenant(), pasted))
    assert "S3cret" not in refused(failed.value)


def test_options_do_not_show_the_secret_they_hold(simulator: Rehearsal) -> None:
    assert "hunter2" not in repr(options_for(simulator.running, secret="hunter2"))
