"""The cloud's status page, as a feed: what it says of itself when something is wrong.

The true one is an RSS 2.0 feed that lists nothing while all is well.
"""

from email.utils import format_datetime
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from quarterdeck.providers.simulator.listing import Desk
from quarterdeck.providers.simulator.world import Incident, World

FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:a10="http://www.w3.org/2005/Atom"><channel><title>Azure Status</title>\
<link>https://azure.status.microsoft/en-us/status/</link><description>Azure Status</description>\
<language>en-us</language><lastBuildDate>{now}</lastBuildDate>{items}</channel></rss>"""
ITEM = """<item><guid isPermaLink="false">{id}</guid><link>{link}</link><title>{title}</title>\
<description>{words}</description><pubDate>{since}</pubDate></item>"""


class Status:
    """Answers whoever asks; the page needs no token."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Its addresses."""
        paths = ("/status/feed", "/status/feed/", "/en-us/status/feed", "/en-us/status/feed/")
        return [Route(path, self.feed) for path in paths]

    async def feed(self, request: Request) -> Response:
        """The feed."""
        await Desk(self._world, "status").strike(request, "")
        items = "".join(map(item, self._world.incidents))
        now = format_datetime(self._world.now(), usegmt=True)
        return Response(FEED.format(now=now, items=items), media_type="application/rss+xml")


def item(incident: Incident) -> str:
    """One incident."""
    return ITEM.format(
        id=escape(f"{incident.since:%Y%m%d%H%M%S}-{incident.title}"),
        link="https://azure.status.microsoft/en-us/status/",
        title=escape(incident.title),
        words=escape(incident.description),
        since=format_datetime(incident.since, usegmt=True),
    )
