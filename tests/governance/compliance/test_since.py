"""Between two readings of all states, only those that were evaluated since are read."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.compliance.conftest import Checked
from governance.compliance.said import state
from governance.estate import FakeCloud
from quarterdeck.governance.cloud.ports import CloudFailure, FailureClass
from quarterdeck.governance.compliance.model.verdict import Tally

AT = "2026-01-01T10:00:00.1234567Z"
LATER = "2026-01-01T13:30:00Z"
SINCE = datetime(2026, 1, 1, 9, 0, 0, 123456, UTC)
"""An hour before the newest evaluation, by the cloud's clock."""


@pytest.fixture
def cloud(estate: Checked) -> FakeCloud:
    """Two states comply; in between, one of them is evaluated again, and does not."""
    _, cloud = estate.connect("acme")
    estate.say(cloud, [state("a", timestamp=AT), state("b", timestamp=AT)])
    cloud.said["policy_states", "s1", "new"] = [[state("a", word="NonCompliant", timestamp=LATER)]]
    estate.sync()
    return cloud


def sinces(cloud: FakeCloud) -> list[object]:
    """What was asked for: from when on; "all"."""
    asked = [call for call in cloud.asked if str(call[0]).startswith("policy_states")]
    cloud.asked.clear()
    of_part = [call for call in asked if call[2:] != ("new",)]
    return [call[2] if call[0] == "policy_states since" else "all" for call in of_part]


def test_what_was_evaluated_since_lands_and_nothing_else_is_closed(
    estate: Checked, cloud: FakeCloud
) -> None:
    assert sinces(cloud) == ["all"]
    estate.pass_time(hours=4)
    run = estate.sync()
    assert sinces(cloud) == [SINCE]
    assert (run.whole, run.counts.changed, run.counts.removed) == (True, 1, 0)
    found = estate.summed()
    assert found.tally == Tally(compliant=1, non_compliant=1)
    assert found.coverage.whole
    assert found.coverage.age(estate.now) == timedelta(0)


def test_the_next_reading_begins_where_the_cloud_was_by_its_own_clock(
    estate: Checked, cloud: FakeCloud
) -> None:
    for _ in range(2):
        estate.pass_time(hours=4)
        estate.sync()
    assert sinces(cloud)[-1] == datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
    cloud.said["policy_states", "s1", "new"] = []
    for _ in range(2):
        estate.pass_time(hours=4)
        estate.sync()
    assert set(sinces(cloud)) == {datetime(2026, 1, 1, 12, 30, tzinfo=UTC)}


def test_once_a_day_all_are_read_and_what_is_gone_is_closed(
    estate: Checked, cloud: FakeCloud
) -> None:
    estate.say(cloud, [state("b", timestamp=AT)])
    asked = []
    for _ in range(6):
        estate.pass_time(hours=4)
        estate.sync()
        asked += [one == "all" for one in sinces(cloud)]
    assert asked == [True, *[False] * 5, True]
    assert estate.summed().tally == Tally(compliant=1)


def test_after_a_listing_that_was_cut_short_all_are_read(estate: Checked, cloud: FakeCloud) -> None:
    cloud.said["policy_states", "s1", "new"] = [CloudFailure(FailureClass.TIMEOUT, "late")]
    estate.pass_time(hours=4)
    estate.sync()
    sinces(cloud)
    estate.pass_time(hours=4)
    estate.sync()
    assert sinces(cloud)[-1] == "all"


def test_where_what_is_new_cannot_be_read_all_are_read_at_once(
    estate: Checked, cloud: FakeCloud
) -> None:
    new = [state("a", word="NonCompliant", timestamp=LATER), b'{"resourceId": "/x"}']
    cloud.said["policy_states", "s1", "new"] = [new]
    estate.say(cloud, [state("a", word="NonCompliant", timestamp=LATER), state("b", timestamp=AT)])
    sinces(cloud)
    estate.pass_time(hours=4)
    run = estate.sync()
    assert sinces(cloud) == [SINCE, "all"]
    assert (run.whole, run.counts.seen, run.counts.unread) == (True, 2, 0)
    assert estate.summed().coverage.whole
    estate.pass_time(hours=4)
    estate.sync()
    assert sinces(cloud) == [datetime(2026, 1, 1, 12, 30, tzinfo=UTC), "all"]


def test_how_much_cannot_be_read_is_told_of_all_states_and_not_of_the_new_ones(
    estate: Checked, cloud: FakeCloud
) -> None:
    bad = b'{"resourceId": "/x"}'
    cloud.said["policy_states", "s1", "new"] = [[bad]]
    estate.say(cloud, [state("a", timestamp=LATER), state("b", timestamp=AT), bad])
    estate.pass_time(hours=4)
    run = estate.sync()
    found = estate.summed().coverage
    assert (found.unread, found.items, found.silent) == (1, 3, ())
    assert (run.whole, run.counts.unread) == (True, 1)
    estate.pass_time(hours=4)
    sinces(cloud)
    estate.sync()
    assert sinces(cloud) == ["all"]


def test_a_reading_of_what_is_new_leaves_the_number_of_all(
    estate: Checked, cloud: FakeCloud
) -> None:
    del cloud
    estate.pass_time(hours=4)
    estate.sync()
    assert estate.summed().coverage.items == 2


def test_a_cloud_that_tells_no_time_is_read_whole(estate: Checked) -> None:
    _, cloud = estate.connect("acme")
    estate.say(cloud, [state("a"), state("b", timestamp="soon")])
    estate.sync()
    estate.pass_time(hours=4)
    estate.sync()
    assert sinces(cloud) == ["all", "all"]
