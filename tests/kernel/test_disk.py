"""The disk with the data directory, as a metric."""

import os
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from quarterdeck.kernel.resources import DISK, measure_disk


def test_what_of_the_disk_is_free_is_a_share(tmp_path: Path) -> None:
    DISK.set(-1)  # a gauge that nobody sets is 0, which is a share too
    measure_disk(tmp_path)
    disk = os.statvfs(tmp_path)
    # Others write meanwhile.
    share = pytest.approx(disk.f_bavail / disk.f_blocks, abs=0.02)
    assert REGISTRY.get_sample_value("quarterdeck_disk_free_share") == share
