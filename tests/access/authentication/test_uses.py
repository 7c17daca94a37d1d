from quarterdeck.access.authentication.uses import MINUTE, Uses


def write(uses: Uses) -> dict[str, int]:
    due = uses.due()
    uses.written(due)
    return due


def test_a_use_is_due_once_a_minute_however_often_it_happens() -> None:
    uses = Uses()
    uses.note("a", MINUTE)
    uses.note("a", MINUTE + 5)
    assert write(uses) == {"a": MINUTE + 5}
    uses.note("a", MINUTE + 6)
    assert write(uses) == {}
    uses.note("a", 2 * MINUTE + 5)
    assert write(uses) == {"a": 2 * MINUTE + 5}


def test_what_came_while_others_were_written_is_due_later() -> None:
    uses = Uses()
    uses.note("a", MINUTE)
    due = uses.due()
    uses.note("a", 3 * MINUTE)
    uses.written(due)
    assert uses.last("a") == 3 * MINUTE
    assert write(uses) == {"a": 3 * MINUTE}


def test_who_is_gone_takes_no_memory() -> None:
    uses = Uses()
    for n in range(1, 1000):
        uses.note(f"session {n}", n * MINUTE)
        write(uses)
    assert uses.last("session 1") == 0
    assert len(vars(uses)["_last"]) + len(vars(uses)["_written"]) <= 2
