"""The disk with the data directory, as a metric."""

from pathlib import Path

from prometheus_client import REGISTRY

from quarterdeck.kernel.resources import measure_disk


def test_what_of_the_disk_is_free_is_a_share(tmp_path: Path) -> None:
    measure_disk(tmp_path)
    found = REGISTRY.get_sample_value("quarterdeck_disk_free_share")
    assert found is not None
    assert 0 <= found <= 1
