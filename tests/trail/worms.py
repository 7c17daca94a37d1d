"""Where tests keep segments: a folder, or a bucket with Object Lock of a real server."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest

from quarterdeck.trail.segments.ports import SegmentStore
from quarterdeck.trail.segments.storage.files import FileSegments
from servers import seaweed

BOTH = pytest.mark.parametrize("worm", ["folder", "bucket"], indirect=True)


class Worm(Protocol):
    """A store, and what its owner can do behind its back."""

    @property
    def store(self) -> SegmentStore:
        """As the product opens it."""
        ...

    def spoil(self, key: str, change: Callable[[bytes], bytes] | None) -> None:
        """Have other content stand at ``key`` as though it had been the first; None: nothing."""
        ...


@dataclass(frozen=True)
class Folder:
    """A Worm of files."""

    path: Path

    @property
    def store(self) -> FileSegments:
        return FileSegments(self.path)

    def spoil(self, key: str, change: Callable[[bytes], bytes] | None) -> None:
        kept = self.path / key
        content = kept.read_bytes()
        kept.unlink()
        if change:
            kept.write_bytes(change(content))


@dataclass
class Bucket:
    """A Worm of a server: a prefix of its own in a bucket. ``client`` is its owner's."""

    client: Any
    name: str
    prefix: str = field(default_factory=lambda: uuid4().hex)

    @property
    def store(self) -> SegmentStore:
        return self.reached_by(seaweed.endpoint())

    def reached_by(self, endpoint: str) -> SegmentStore:
        # boto3 is an extra: whoever tests on folders alone lacks it.
        from quarterdeck.providers.objectstore.s3 import (  # noqa: PLC0415  as above
            S3Options,
            S3Segments,
        )

        return S3Segments(S3Options(url=f"s3://{self.name}/{self.prefix}", endpoint=endpoint))

    def spoil(self, key: str, change: Callable[[bytes], bytes] | None) -> None:
        """Locked objects cannot be changed: other ones take the place of all."""
        before, old = self.store, self.prefix
        self.prefix = uuid4().hex
        after = self.store
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=f"{old}/")
        for one in found["Contents"]:
            name = one["Key"].removeprefix(f"{old}/")
            until, content = before.locked_until(name), before.get(name)
            assert until is not None
            assert content is not None
            if name != key:
                after.put(name, content, until)
            elif change:
                after.put(name, change(content), until)

    def versions(self, key: str) -> list[dict[str, Any]]:
        name = f"{self.prefix}/{key}"
        found = self.client.list_object_versions(Bucket=self.name, Prefix=name)
        return [one for one in found.get("Versions", ()) if one["Key"] == name]

    def cover(self, key: str, content: bytes) -> None:
        """Put a newer version over what stands, as whoever may write can."""
        self.client.put_object(Bucket=self.name, Key=f"{self.prefix}/{key}", Body=content)


@contextmanager
def locking_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Of the run's S3 server; every test of a process has a place in the same one."""
    with seaweed.client(monkeypatch) as client:
        # A bucket takes this server seven volumes, of which it has no more than some hundreds.
        name = f"worm-{os.getpid()}"
        if name not in [one["Name"] for one in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        yield Bucket(client, name)
