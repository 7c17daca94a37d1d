import pytest

from quarterdeck.governance.inventory.filters import group_of, owner_of
from quarterdeck.governance.inventory.moves import moved


@pytest.mark.parametrize(
    ("cloud_id", "group"),
    [
        ("/subscriptions/s/resourceGroups/Web/providers/A.B/cs/d", "web"),
        ("/subscriptions/s/RESOURCEGROUPS/rg", "rg"),
        ("/subscriptions/s/resourceGroups", ""),
        ("/subscriptions/s/providers/A.B/cs/d", ""),
    ],
)
def test_the_group_is_read_out_of_the_id(cloud_id: str, group: str) -> None:
    assert group_of(cloud_id) == group


def test_the_owner_is_the_first_owner_tag_that_says_something() -> None:
    assert owner_of({"Team": "web", "owner": ""}, ("owner", "team")) == "web"
    assert owner_of({"team": "web", "Owner": "ada"}, ("owner", "team")) == "ada"
    assert owner_of({"env": "prod"}, ("owner", "team")) == ""


def body(group: str, more: str, subscription: str = "s") -> str:
    path = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/A.B/cs/d"
    return f'{{"id": "{path}", {more}}}'


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (body("a", '"sku": 1'), body("b", '"sku": 1'), True),
        (body("a", '"sku": 1'), body("a", '"sku": 1', "t"), True),
        (body("a", '"sku": 1'), body("b", '"sku": 2'), False),
        (body("a", '"sku": 1'), body("a", '"sku": 1'), False),
        (
            body("a", '"sku": 1, "properties": {"vmId": "m"}'),
            body("b", '"sku": 2, "properties": {"vmId": "m"}'),
            True,
        ),
        (
            body("a", '"properties": {"vmId": "m"}'),
            body("b", '"properties": {"vmId": "n"}'),
            False,
        ),
        (body("a", '"createdTime": "t1"'), body("b", '"createdTime": "t2"'), False),
    ],
)
def test_a_move_is_claimed_by_a_mark_or_where_nothing_but_the_place_differs(
    before: str,
    after: str,
    same: bool,  # noqa: FBT001  a case
) -> None:
    assert moved(before, after) is same
