"""Recording what the client sees, and playing it back."""

import json
from pathlib import Path

from providers.rehearsal import Rehearsal, cloud_of, everything
from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.azure.cassette import read
from quarterdeck.providers.azure.recording import EXCHANGES, Recording, RecordingFolder
from quarterdeck.providers.azure.transport import Answer
from quarterdeck.providers.simulator.recorded import open_recorded


def test_what_was_recorded_plays_back_the_same(simulator: Rehearsal, tmp_path: Path) -> None:
    recording = Recording()
    subscription = simulator.subscription()
    with cloud_of(simulator, recording=recording) as cloud:
        live = list(cloud.resources(subscription))
    assert recording.save(tmp_path / "tape.json") == len(live) > 1
    assert (tmp_path / "tape.json").stat().st_mode & 0o077 == 0
    first = read(tmp_path / "tape.json")[0].url
    with open_recorded([tmp_path / "tape.json"], tmp_path, utc_now()) as cloud_again:
        again = list(cloud_again.arm.items(cloud_again.playback.local("tape", first)))
    assert [page.items for page in again] == [page.items for page in live]


def test_no_secret_gets_into_a_recording(simulator: Rehearsal, tmp_path: Path) -> None:
    recording = Recording()
    with cloud_of(simulator, recording=recording) as cloud:
        everything(cloud)
    recording.save(tmp_path / "tape.json")
    text = (tmp_path / "tape.json").read_text()
    assert "simulated." not in text
    assert simulator.tenant().client_secret not in text


def test_fields_headers_and_queries_that_bear_secrets_are_masked(tmp_path: Path) -> None:
    body = {
        "properties": {"adminPassword": "s3cret", "primaryKey": "s3cret", "name": "kept"},
        "keys": [{"connectionString": "s3cret"}, {"access_token": "s3cret"}],
    }
    recording = Recording()
    recording.observe(
        "GET",
        Answer(
            url="https://management.azure.com/a?sv=1&sig=s3cret&x=2",
            status=200,
            headers={"set-cookie": "s3cret", "x-ms-request-id": "kept-too"},
            body=json.dumps(body).encode(),
            request_id="kept-too",
        ),
    )
    recording.save(tmp_path / "tape.json")
    text = (tmp_path / "tape.json").read_text()
    assert "s3cret" not in text
    assert "kept-too" in text
    assert "sv=1&sig=********&x=2" in text


def test_a_body_without_secrets_is_recorded_to_the_byte(tmp_path: Path) -> None:
    recording = Recording()
    for body in (b'{ "a" : 1.10 }', b"plain \xc3\xa5", b"", b'"text"', b"{broken"):
        recording.observe(
            "GET",
            Answer(url="https://x/a", status=200, headers={}, body=body, request_id=""),
        )
    recording.save(tmp_path / "tape.json")
    bodies = [exchange.body for exchange in read(tmp_path / "tape.json")]
    assert bodies == [b'{ "a" : 1.10 }', b"plain \xc3\xa5", b"", b'"text"', b"{broken"]


def seen(url: str, body: bytes = b"{}") -> Answer:
    return Answer(url=url, status=200, headers={}, body=body, request_id="")


def test_a_folder_gets_a_cassette_after_so_many_exchanges_and_one_at_the_end(
    tmp_path: Path,
) -> None:
    recording = RecordingFolder(tmp_path / "tapes", utc_now)
    for number in range(EXCHANGES + 3):
        recording.observe("GET", seen(f"https://x/{number}"))
    recording.close()
    recording.close()
    files = sorted((tmp_path / "tapes").iterdir())
    assert [len(read(file)) for file in files] == [EXCHANGES, 3]
    assert {file.stat().st_mode & 0o077 for file in [*files, tmp_path / "tapes"]} == {0}


def test_a_run_leaves_its_traffic_in_the_folder(simulator: Rehearsal, tmp_path: Path) -> None:
    with cloud_of(simulator, recording=RecordingFolder(tmp_path / "tapes", utc_now)) as cloud:
        count = len(everything(cloud))
    [file] = (tmp_path / "tapes").iterdir()
    listed = [json.loads(one.body) for one in read(file) if "/resources?" in one.url]
    assert sum(len(page["value"]) for page in listed) == count


def test_what_a_vault_answers_is_not_recorded_at_all(tmp_path: Path) -> None:
    recording = Recording()
    vault = "https://corp-kv.vault.azure.net/secrets/reader?api-version=7.4"
    recording.observe("GET", seen(vault, b'{"value": "s3cret", "id": "s3cret"}'))
    recording.save(tmp_path / "tape.json")
    assert "s3cret" not in (tmp_path / "tape.json").read_text()


def test_an_installation_without_traffic_leaves_no_folder(tmp_path: Path) -> None:
    RecordingFolder(tmp_path / "tapes", utc_now).close()
    assert not (tmp_path / "tapes").exists()
