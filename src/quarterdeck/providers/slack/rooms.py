"""Carries what is told of an incident into a Slack channel of its own.

What is told first creates the channel; once the incident is closed, it is archived. Slack has no
key by which it would know a request again: a name that is taken is ours if this bot created it,
for an incident's id stands in it.
"""

from dataclasses import dataclass, replace
from typing import Any

from quarterdeck.operations.messages.bundling import as_one, calm, shortened
from quarterdeck.operations.messages.model import ROOM, TOPIC, Content
from quarterdeck.operations.messages.ports import Parcel
from quarterdeck.operations.sending.model import Reply
from quarterdeck.providers.slack import rendering
from quarterdeck.providers.slack.naming import names
from quarterdeck.providers.slack.webapi import SlackRefused, WebApi
from quarterdeck.providers.webhook.sender import HttpSender

CLOSED = "closed"
INCIDENT, TEST = "incident/", "channel/"
MOST_TOPIC, A_PAGE, MOST_PAGES = 250, "999", 20
NO_ROOM = "only incidents have channels of their own: route this to a channel of kind slack"


class RoomCarrier:
    """The port ``Carrier``, for a channel an incident. ``url``: of Slack's Web API."""

    def __init__(self, sender: HttpSender, url: str, *, archive: bool) -> None:
        self._sender, self._url, self._archive = sender, url.rstrip("/"), archive

    def carry(self, parcel: Parcel) -> Reply:
        """As the port says; the receipt is the channel's address on the web.

        A test creates nothing: it asks whether the token holds.
        """
        api = WebApi(sender=self._sender, url=self._url, token=parcel.secret)
        try:
            if parcel.about.startswith(TEST):
                api.ask("auth.test")
                return Reply(status=200)
            if not parcel.about.startswith(INCIDENT):
                return Reply(error=NO_ROOM)
            return self._told(api, parcel)
        except SlackRefused as refused:
            return refused.reply

    def _told(self, api: WebApi, parcel: Parcel) -> Reply:
        content = as_one(parcel.contents)
        over = content.state == CLOSED
        if over and not parcel.receipt:
            return Reply()  # it never was
        facts = dict(content.facts)
        topic = facts.get(TOPIC, "")
        link = parcel.receipt or _created(api, facts.get(ROOM, ""), parcel.about)
        room = Room(api=api, id=link.rpartition("/")[2])
        if not parcel.receipt or content.title == topic:  # which says that it is another now
            room.entitle(topic)
        room.say(content, repeat=parcel.attempt > 1)
        if over and self._archive:
            room.archive()
        return Reply(status=200, receipt=link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A channel, by its id."""

    api: WebApi
    id: str

    def entitle(self, topic: str) -> None:
        """Have it say what it is about."""
        said = shortened(calm(topic), MOST_TOPIC)
        self.api.ask("conversations.setTopic", channel=self.id, topic=said)

    def say(self, content: Content, *, repeat: bool) -> None:
        """Post into it. What was archived already, by an attempt before, has it."""
        facts = tuple(fact for fact in content.facts if fact[0] not in (ROOM, TOPIC))
        body = rendering.body(replace(content, facts=facts), mention=False, repeat=repeat)
        try:
            self.api.ask("chat.postMessage", channel=self.id, **body)
        except SlackRefused as refused:
            if not (refused.error == "is_archived" and content.state == CLOSED):
                raise

    def archive(self) -> None:
        """Have it be read alone from now on; a second time changes nothing."""
        try:
            self.api.ask("conversations.archive", channel=self.id)
        except SlackRefused as refused:
            if refused.error not in ("already_archived", "is_archived"):
                raise


def _created(api: WebApi, room: str, about: str) -> str:
    """Its address on the web; of one that an attempt before created, too."""
    me = api.ask("auth.test")
    for name in names(room, about.removeprefix(INCIDENT)):
        try:
            made = api.ask("conversations.create", name=name)["channel"]
        except SlackRefused as refused:
            if refused.error != "name_taken":
                raise
            made = _own(api, name, str(me.get("user_id")))
        if made is not None:
            return f"{_site(me)}/archives/{made['id']}"
    words = "Slack: name_taken: others have every name that this channel could have"
    raise SlackRefused("name_taken", Reply(status=200, error=words))


def _site(me: dict[str, Any]) -> str:
    """Where the workspace is on the web: people will press it."""
    url = str(me.get("url"))
    return url.rstrip("/") if url.startswith("https://") else "https://slack.com"


def _own(api: WebApi, name: str, user: str) -> dict[str, Any] | None:
    """The channel of that name, if this bot created it; who creates one is in it."""
    asked = {"types": "public_channel", "limit": A_PAGE, "exclude_archived": "false"}
    for _ in range(MOST_PAGES):
        page = api.look("users.conversations", **asked)
        for one in page.get("channels", ()):
            if one.get("name") == name and one.get("creator") == user:
                return dict(one)
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
        asked["cursor"] = cursor
    return None
