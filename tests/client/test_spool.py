"""The spool: what it does after a death at the worst moment."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.conftest import ordered
from quarterdeck.client import spool as spools
from quarterdeck.client.answers import AGAIN, understood
from quarterdeck.client.spool import Batch, Spool

MANY = 10**9


def everything(spool: Spool) -> Batch:
    return spool.batch(MANY, MANY)


def test_every_cut_of_the_last_line_leaves_the_lines_before_it(tmp_path: Path) -> None:
    whole = Spool(tmp_path / "whole", MANY)
    whole.append(ordered(1))
    before = (tmp_path / "whole" / "0.ndjson").read_bytes()
    whole.append(ordered(2))
    after = (tmp_path / "whole" / "0.ndjson").read_bytes()
    for cut in range(len(before), len(after), 7):
        folder = tmp_path / str(cut)
        torn = Spool(folder, MANY)
        torn.append(ordered(1))
        (folder / "0.ndjson").write_bytes(after[:cut])
        assert torn.append(ordered(3)) == 2
        assert [line.count(b"source_seq") for line in everything(torn).lines] == [1, 1]


def test_a_child_that_is_forked_meanwhile_keeps_no_lock(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MANY)
    read, write = os.pipe()
    with spool.sending() as ours:
        child = os.fork()
        if not child:
            os.close(write)
            os.read(read, 1)  # until the parent has tried
            with spool.sending() as mine:
                os._exit(0 if mine else 1)
    with spool.sending() as again:
        assert (ours, again) == (True, True)
    os.close(write)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_line_whose_number_was_not_kept_is_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MANY)
    spool.append(ordered(1))
    kept = (tmp_path / "tail").read_bytes()
    spool.append(ordered(2))
    (tmp_path / "tail").write_bytes(kept)
    assert spool.append(ordered(3)) == 3
    assert len(everything(spool).lines) == 3


def test_a_disk_that_forgot_the_end_is_gone_on_from(tmp_path: Path) -> None:
    spool = Spool(tmp_path, MANY)
    spool.append(ordered(1))
    first = (tmp_path / "0.ndjson").read_bytes()
    spool.append(ordered(2))
    spool.done(everything(spool).ends[-1])
    (tmp_path / "0.ndjson").write_bytes(first)
    assert spool.append(ordered(3)) == 3  # the lost one's number stays used
    assert b"\0" not in (tmp_path / "0.ndjson").read_bytes()


def test_segments_rotate_and_go_once_they_were_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "SEGMENT_BYTES", 1_000)
    spool = Spool(tmp_path, MANY)
    for number in range(20):
        spool.append(ordered(number))
    assert len(list(tmp_path.glob("*.ndjson"))) > 3
    batch = everything(spool)
    assert len(batch.lines) == 20
    spool.done(batch.ends[-1])
    assert len(list(tmp_path.glob("*.ndjson"))) == 1
    assert everything(spool).lines == ()
    assert spool.append(ordered()) == 21
    assert len(everything(spool).lines) == 1


def test_only_one_sends_at_a_time(tmp_path: Path) -> None:
    one, other = Spool(tmp_path, MANY), Spool(tmp_path, MANY)
    with one.sending() as first, other.sending() as second:
        assert (first, second) == (True, False)
    with other.sending() as then:
        assert then


@given(st.lists(st.sampled_from([200, 400, 409, 422, 503])))
def test_lines_are_settled_from_the_first_on_up_to_one_that_may_be_sent_again(
    statuses: list[int],
) -> None:
    results = [b'{"index":1}' if s == 200 else b'{"problem":{"status":%d}}' % s for s in statuses]
    meaning = understood(200, {}, b"\n".join(results), len(statuses))
    again = [n for n, status in enumerate(statuses) if status in AGAIN]
    assert meaning.done == (again[0] if again else len(statuses))
    assert bool(meaning.failure) == bool(again)
    assert all(refusal.line < meaning.done for refusal in meaning.refused)


def test_an_answer_to_other_lines_settles_none() -> None:
    assert understood(200, {}, b'{"index":1}', 2).done == 0
    assert understood(200, {}, b"<html>", 1).done == 0
