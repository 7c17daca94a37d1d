"""What changes in a simulated estate from day to day, when its clock is moved on."""

from datetime import date, timedelta

import msgspec

from quarterdeck.providers.simulator.chance import draw, share
from quarterdeck.providers.simulator.estate import Json, stamp
from quarterdeck.providers.simulator.world import World

LEAVE, MOVE, TAG, COME = 300, 400, 200, 250
"""Of so many resources one is deleted, moves to another group, gets a tag or is made, a day."""


def pass_days(world: World, last: date, today: date) -> None:
    """Make the changes of each day after ``last`` up to ``today``."""
    for number in range((today - last).days):
        day = last + timedelta(days=number + 1)
        for subscription in world.subscriptions:
            pass_day(world, subscription, day)


def pass_day(world: World, subscription: str, day: date) -> None:
    """One day of one subscription."""
    for resource in some(world, subscription, day, LEAVE):
        world.delete(resource["id"])
    for resource in some(world, subscription, day, MOVE):
        move(world, resource, subscription, day)
    for resource in some(world, subscription, day, TAG):
        reviewed = resource.get("tags", {}) | {"reviewed": str(day)}
        world.put(changed(world, resource, tags=reviewed))
    for resource in some(world, subscription, day, COME):
        name = f"{resource['name']}-{day:%y%m%d}"
        id_ = f"{resource['id'].rpartition('/')[0]}/{name.rpartition('/')[2]}"
        moment = stamp(world.now())
        world.put(
            resource | {"id": id_, "name": name, "createdTime": moment, "changedTime": moment}
        )


def some(world: World, subscription: str, day: date, one_in: int) -> list[Json]:
    """One resource in so many, by chance."""
    shelf = world.shelves[subscription]
    count = int(len(shelf) / one_in + share(subscription, day, one_in))
    numbers = {draw(subscription, day, one_in, turn) % len(shelf) for turn in range(count)}
    return [msgspec.json.decode(shelf.at(number)) for number in sorted(numbers)]


def move(world: World, resource: Json, subscription: str, day: date) -> None:
    """Another group holds the resource; its id is another one then, its name is not."""
    groups = world.groups[subscription]
    group = groups[draw(resource["id"].lower(), day) % len(groups)]
    before, _, rest = resource["id"].partition("/providers/")
    if group["id"].lower() == before.lower():
        return
    world.delete(resource["id"])
    world.put(changed(world, resource, id=f"{group['id']}/providers/{rest}"))


def changed(world: World, resource: Json, **fields: object) -> Json:
    """The resource with other fields, changed now."""
    return resource | fields | {"changedTime": stamp(world.now())}
