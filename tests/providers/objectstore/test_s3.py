"""Segments in a bucket of a real server with Object Lock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

pytest.importorskip("boto3", reason="needs the extra s3")
from botocore.exceptions import ClientError

from quarterdeck.kernel.clock import utc_now
from quarterdeck.providers.objectstore.s3 import S3Options, S3Segments
from quarterdeck.trail.segments.model import StoreRefused, StoreUnavailable
from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.storage.files import FileSegments
from servers import seaweed
from waiting import until

UNTIL = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with seaweed.client(monkeypatch) as client:
        yield client


@pytest.fixture
def bucket(s3: Any) -> str:  # noqa: ANN401
    name = f"trail-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SegmentStore:
    if request.param == "folder":
        return FileSegments(tmp_path / "worm")
    bucket = request.getfixturevalue("bucket")
    return S3Segments(S3Options(url=f"s3://{bucket}/trail", endpoint=seaweed.endpoint()))


def test_what_is_put_is_there_and_again_is_nothing(store: SegmentStore) -> None:
    assert store.get("standard/acme/tile/0/000") is None
    store.put("standard/acme/tile/0/000", b"one", UNTIL)
    store.put("standard/acme/tile/0/000", b"one", UNTIL)
    assert store.get("standard/acme/tile/0/000") == b"one"
    assert store.get("standard/acme/tile/0") is None


@pytest.mark.census("ATP-502")
def test_other_content_is_refused_and_changes_nothing(store: SegmentStore) -> None:
    store.put("standard/acme/a", b"one", UNTIL)
    with pytest.raises(StoreRefused):
        store.put("standard/acme/a", b"two", UNTIL)
    assert store.get("standard/acme/a") == b"one"


def test_each_retention_class_has_its_prefix(store: SegmentStore) -> None:
    store.put("standard/acme/a", b"one", UNTIL)
    store.put("seven-years/acme/a", b"two", UNTIL)
    assert (store.get("standard/acme/a"), store.get("seven-years/acme/a")) == (b"one", b"two")


@pytest.mark.census("ATP-502")
def test_the_bucket_refuses_to_delete_or_shorten_whoever_asks(s3: Any, bucket: str) -> None:  # noqa: ANN401
    store = S3Segments(S3Options(url=f"s3://{bucket}", endpoint=seaweed.endpoint()))
    store.check()
    store.put("a", b"one", UNTIL)
    (version,) = s3.list_object_versions(Bucket=bucket, Prefix="a")["Versions"]
    place = {"Bucket": bucket, "Key": "a", "VersionId": version["VersionId"]}
    with pytest.raises(ClientError):
        s3.delete_object(**place)
    with pytest.raises(ClientError):
        s3.delete_object(**place, BypassGovernanceRetention=True)
    sooner = {"Mode": "COMPLIANCE", "RetainUntilDate": UNTIL - timedelta(days=9000)}
    with pytest.raises(ClientError):
        s3.put_object_retention(**place, Retention=sooner)
    assert store.get("a") == b"one"


@pytest.mark.census("ATP-502")
def test_what_others_put_over_it_or_hide_it_with_is_not_believed(s3: Any, bucket: str) -> None:  # noqa: ANN401
    store = S3Segments(S3Options(url=f"s3://{bucket}", endpoint=seaweed.endpoint()))
    store.put("a", b"one", UNTIL)
    s3.put_object(Bucket=bucket, Key="a", Body=b"two")
    s3.delete_object(Bucket=bucket, Key="a")
    assert store.get("a") == b"one"


def test_a_bucket_without_object_lock_is_refused(s3: Any) -> None:  # noqa: ANN401
    name = f"plain-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    store = S3Segments(S3Options(url=f"s3://{name}", endpoint=seaweed.endpoint()))
    with pytest.raises(StoreUnavailable, match="Object Lock"):
        store.check()
    with pytest.raises(StoreUnavailable):
        store.put("a", b"one", UNTIL)
    assert store.get("a") is None


def test_a_server_that_is_away_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    store = S3Segments(S3Options(url="s3://none", endpoint="http://127.0.0.1:1"))
    with pytest.raises(StoreUnavailable):
        store.get("a")


@pytest.mark.census("ATP-502")
def test_an_object_is_replaced_once_its_lock_ended_and_never_before(store: SegmentStore) -> None:
    ends = utc_now().replace(microsecond=0) + timedelta(seconds=4)
    store.put("standard/acme/a", b"one", ends)
    store.put("standard/acme/b", b"one", UNTIL)
    assert store.locked_until("standard/acme/a") == ends
    assert store.locked_until("standard/acme/none") is None
    for key, now in (("a", ends - timedelta(seconds=1)), ("b", ends), ("none", UNTIL)):
        with pytest.raises(StoreRefused):
            store.replace(f"standard/acme/{key}", b"two", now)
    until(lambda: utc_now() > ends + timedelta(seconds=1), 10, "the lock ended")
    for _ in range(2):
        store.replace("standard/acme/a", b"two", utc_now())
        assert store.get("standard/acme/a") == b"two"
    left = store.locked_until("standard/acme/a")
    assert left is None or left < utc_now()
    store.replace("standard/acme/a", b"three", utc_now())
    assert store.get("standard/acme/a") == b"three"
    assert store.get("standard/acme/b") == b"one"


@pytest.mark.census("ATP-502")
def test_what_others_left_over_an_object_has_no_say_when_it_is_replaced_either(
    s3: Any,  # noqa: ANN401
    bucket: str,
) -> None:
    """A version that cannot be deleted stops it; whoever reads sees what was first, until then."""
    store = S3Segments(S3Options(url=f"s3://{bucket}", endpoint=seaweed.endpoint()))
    ends = utc_now() + timedelta(seconds=2)
    store.put("a", b"one", ends)
    s3.put_object(Bucket=bucket, Key="a", Body=b"other")
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": UNTIL}
    s3.put_object(Bucket=bucket, Key="a", Body=b"locked", **lock)
    until(lambda: utc_now() > ends + timedelta(seconds=1), 10, "the lock ended")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            store.replace("a", b"two", utc_now())
        assert store.get("a") == b"one"
    assert len(s3.list_object_versions(Bucket=bucket, Prefix="a")["Versions"]) <= 4


@pytest.mark.census("ATP-502")
def test_a_bucket_that_locks_less_by_default_locks_ours_as_we_say(s3: Any, bucket: str) -> None:  # noqa: ANN401
    """In governance mode whoever has the right may shorten a lock."""
    weaker = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    rule = {"ObjectLockEnabled": "Enabled", "Rule": weaker}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=rule)
    store = S3Segments(S3Options(url=f"s3://{bucket}", endpoint=seaweed.endpoint()))
    store.put("a", b"one", UNTIL)
    found = s3.head_object(Bucket=bucket, Key="a")
    assert (found["ObjectLockMode"], store.locked_until("a")) == ("COMPLIANCE", UNTIL)
