"""A status page as an Atom feed (RFC 4287): an entry for each post, its updates in it."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from quarterdeck.kernel.clock import rfc3339
from quarterdeck.operations.statuspage.model.post import Post, Update
from quarterdeck.operations.statuspage.service.public import Posted, View

ATOM = "http://www.w3.org/2005/Atom"
MOST = 50


def feed(view: View, url: str) -> str:
    """The feed of a page; ids are good for ever, wherever the page stands."""
    kept = view.kept
    root = Element("feed", xmlns=ATOM)
    _said(root, "id", f"urn:quarterdeck:status:{kept.page.slug}")
    _said(root, "title", f"{kept.page.title}: status")
    _said(root, "updated", rfc3339(view.changed_at))
    SubElement(root, "link", href=url, rel="alternate", type="text/html")
    SubElement(root, "link", href=f"{url}/feed.atom", rel="self", type="application/atom+xml")
    _said(SubElement(root, "author"), "name", kept.page.title)
    for one in _newest(view):
        root.append(_entry(one, url))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _newest(view: View) -> list[Posted]:
    every = [*view.incidents, *view.maintenances]
    return sorted(every, key=lambda one: (one.post.updated_at, one.post.id), reverse=True)[:MOST]


def _entry(one: Posted, url: str) -> Element:
    post, entry = one.post, Element("entry")
    _said(entry, "id", f"urn:uuid:{post.id}")
    _said(entry, "title", f"{post.title} ({_words(post.stage)})")
    _said(entry, "published", rfc3339(post.created_at))
    _said(entry, "updated", rfc3339(post.updated_at))
    SubElement(entry, "link", href=f"{url}/posts/{post.id}", rel="alternate", type="text/html")
    SubElement(entry, "category", term=post.impact.value)
    content = SubElement(entry, "content", type="text")
    content.text = "\n\n".join(_lines(post, one.updates))
    return entry


def _lines(post: Post, updates: Sequence[Update]) -> Iterator[str]:
    if post.starts_at and post.ends_at:
        yield f"Planned: {post.starts_at:%Y-%m-%d %H:%M} to {post.ends_at:%Y-%m-%d %H:%M} UTC"
    for update in updates:
        yield f"{update.at:%Y-%m-%d %H:%M} UTC, {_words(update.stage)}: {update.text}"


def _words(stage: str) -> str:
    return stage.replace("_", " ")


def _said(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
