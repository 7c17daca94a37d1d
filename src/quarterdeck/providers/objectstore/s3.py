"""Segments in a bucket with Object Lock in compliance mode: nobody, its owner included, changes
or deletes an object before its time (S3 user guide, "Locking objects with Object Lock").

Credentials come as boto3 finds them: the environment, a profile, the machine's role.
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from quarterdeck.trail.segments.model import StoreRefused, StoreUnavailable

LOCKED = "COMPLIANCE"
NOT_THERE = frozenset({"NoSuchKey", "404"})
NOT_LOCKED = frozenset({"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"})
"""What is said of an object without a lock: by Amazon's server, and by SeaweedFS."""

SOMETHING_THERE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
TRIES, TIMEOUT_S = 3, 20
PROBE_S = 3  # of a check, which is asked again soon


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """Where the bucket is.

    Attributes:
        url: ``s3://bucket`` or ``s3://bucket/prefix``.
        endpoint: of another server than Amazon's; empty: Amazon's.
        ca: the one CA file to trust; empty: the usual ones.
    """

    url: str
    endpoint: str = ""
    region: str = "us-east-1"
    ca: str = ""


class S3Segments:
    """A SegmentStore (see ``trail.segments.ports``) in a bucket."""

    label = "a bucket with Object Lock in compliance mode: nobody deletes before the time is over"

    def __init__(self, options: S3Options) -> None:
        place = urlsplit(options.url)
        self._bucket, self._prefix = place.netloc, place.path.strip("/")
        self._s3 = _client(options, TRIES, TIMEOUT_S)
        self._probe = _client(options, 1, PROBE_S)

    def check(self) -> str:
        """As the port says: the bucket is there, and locks objects."""
        started = perf_counter()
        try:
            found = self._probe.get_object_lock_configuration(Bucket=self._bucket)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(
                f"the bucket {self._bucket} does not lock objects: {error}; make one with Object "
                "Lock, it cannot be switched on by us"
            ) from error
        if found["ObjectLockConfiguration"].get("ObjectLockEnabled") != "Enabled":
            raise StoreUnavailable(f"the bucket {self._bucket} has Object Lock switched off")
        took_ms = (perf_counter() - started) * 1000
        return f"the bucket {self._bucket} locks objects; answered in {took_ms:.1f} ms"

    def put(self, key: str, content: bytes, until: datetime) -> None:
        held = self.get(key)
        if held is not None:
            return self._refuse_other(key, held, content)
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=self._named(key),
                Body=content,
                IfNoneMatch="*",
                ContentMD5=_digest(content),
                ObjectLockMode=LOCKED,
                ObjectLockRetainUntilDate=until,
            )
        except ClientError as error:
            if _code(error) not in SOMETHING_THERE:
                raise self._failed(error) from error
            self._refuse_other(key, self.get(key), content)
        except BotoCoreError as error:
            raise self._failed(error) from error
        return None

    def locked_until(self, key: str) -> datetime | None:
        try:
            version = self._first_version(key)
            if version is None:
                return None
            found = self._s3.get_object_retention(
                Bucket=self._bucket, Key=self._named(key), VersionId=version
            )
        except ClientError as error:
            if _code(error) in NOT_LOCKED:  # as what stands in the place of another is
                return None
            raise self._failed(error) from error
        except BotoCoreError as error:
            raise self._failed(error) from error
        until: datetime = found["Retention"]["RetainUntilDate"]
        return until

    def replace(self, key: str, content: bytes, now: datetime) -> None:
        """The new version first, and the first one goes last: until then it has the say."""
        until = self.locked_until(key)
        if until is not None and until > now:
            raise StoreRefused(f"{key} is locked until {until}")
        standing = self.get(key)
        if standing is None:
            raise StoreRefused(f"{key} is not there")
        if standing == content:
            return
        try:
            self._take_place(key, content)
        except (ClientError, BotoCoreError) as error:
            raise self._failed(error) from error

    def get(self, key: str) -> bytes | None:
        """Of its versions the first: what was put over it later has no say."""
        try:
            version = self._first_version(key)
            if version is None:
                return None
            return self._content(key, version)
        except ClientError as error:
            if _code(error) in NOT_THERE:
                return None
            raise self._failed(error) from error
        except BotoCoreError as error:
            raise self._failed(error) from error

    def _take_place(self, key: str, content: bytes) -> None:
        """Leave one version; a version that cannot go leaves all that are older, too."""
        name, old = self._named(key), self._versions(key)
        if self._content(key, old[-1]) == content:
            old.pop()  # from a try that was stopped: each would leave one more
        else:
            self._s3.put_object(
                Bucket=self._bucket, Key=name, Body=content, ContentMD5=_digest(content)
            )
        for version in reversed(old):
            self._s3.delete_object(Bucket=self._bucket, Key=name, VersionId=version)

    def _content(self, key: str, version: str) -> bytes:
        found = self._s3.get_object(Bucket=self._bucket, Key=self._named(key), VersionId=version)
        content: bytes = found["Body"].read()
        return content

    def _first_version(self, key: str) -> str | None:
        return next(iter(self._versions(key)), None)

    def _versions(self, key: str) -> list[str]:
        """Of an object, the oldest first."""
        name = self._named(key)
        pages = self._s3.get_paginator("list_object_versions")
        versions = [
            version
            for page in pages.paginate(Bucket=self._bucket, Prefix=name)
            for version in page.get("Versions", ())
            if version["Key"] == name
        ]
        # The newest is listed first, and moments are whole seconds.
        versions.reverse()
        versions.sort(key=lambda version: version["LastModified"])
        return [str(version["VersionId"]) for version in versions]

    def _named(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    def _refuse_other(self, key: str, held: bytes | None, content: bytes) -> None:
        if held != content:
            raise StoreRefused(f"{key} holds something else; it is never written over")

    def _failed(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"the bucket {self._bucket} did not do it: {error}")


def _client(options: S3Options, tries: int, timeout_s: float) -> Any:  # noqa: ANN401  boto3's
    return boto3.client(
        "s3",
        endpoint_url=options.endpoint or None,
        region_name=options.region,
        verify=options.ca or None,
        config=Config(
            connect_timeout=timeout_s,
            read_timeout=timeout_s,
            retries={"max_attempts": tries, "mode": "standard"},
            s3={"addressing_style": "path" if options.endpoint else "auto"},
        ),
    )


def _digest(content: bytes) -> str:
    return b64encode(md5(content, usedforsecurity=False).digest()).decode()


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
