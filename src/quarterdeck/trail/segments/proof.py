"""A segment's proof in one JSON document, to be checked without a server and without a network."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from quarterdeck.trail.keys.handover import EMERGENCY, chain
from quarterdeck.trail.keys.note import Malformed, Verifier, text_of
from quarterdeck.trail.log.model import Head, MalformedHead
from quarterdeck.trail.proof import consistency
from quarterdeck.trail.proof.tree import BadProof, root_hash
from quarterdeck.trail.segments.model import (
    CHAIN,
    SIGNATURE,
    TREE,
    MalformedManifest,
    Manifest,
    Result,
    Segment,
    SegmentVerdict,
)
from quarterdeck.trail.segments.trial import chained, root_after

FORMAT = "quarterdeck-segment-proof/v1"
UNKNOWN_SIGNER = "consistent, signer not known: give the log's key with --key"


class Unreadable(ValueError):
    """Not a segment's proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentProof:
    """Everything that a stranger needs to check a segment.

    Attributes:
        handovers: the log's, oldest first.
        leaves: leaf hashes of the range.
        before: hashes of the perfect subtrees left of it, widest first.
        checkpoint: a signed head of the log at the segment's end or later.
        growth: the proof that it begins with the segment's tree.
    """

    segment: Segment
    previous: Segment | None
    handovers: Sequence[bytes]
    leaves: Sequence[bytes]
    before: Sequence[bytes]
    checkpoint: bytes
    growth: Sequence[bytes]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "format": FORMAT,
            "segment": self.segment.manifest.id,
            "manifest": self.segment.note.decode(),
            "previous": self.previous.note.decode() if self.previous else None,
            "handovers": [note.decode() for note in self.handovers],
            "leaf_hashes": _texts(self.leaves),
            "before": _texts(self.before),
            "checkpoint": self.checkpoint.decode(),
            "consistency": _texts(self.growth),
        }

    @classmethod
    def parse(cls, content: bytes) -> "SegmentProof":
        """Read a document, or an answer that bears one; raise Unreadable if it is none."""
        try:
            found = json.loads(content, object_pairs_hook=_once)
            found = found.get("proof") or found
            if found["format"] != FORMAT:
                raise Unreadable(f"expected {FORMAT}, got {found['format']!r}")
            previous = found["previous"]
            proof = cls(
                segment=_segment(found["manifest"]),
                previous=None if previous is None else _segment(previous),
                handovers=[note.encode() for note in found["handovers"]],
                leaves=_hashes(found["leaf_hashes"]),
                before=_hashes(found["before"]),
                checkpoint=found["checkpoint"].encode(),
                growth=_hashes(found["consistency"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Unreadable(f"this is no {FORMAT}: {error}") from error
        if proof.document() != found:
            raise Unreadable(f"this is no {FORMAT} as it is written: it says more, or otherwise")
        return proof


def verify(proof: SegmentProof, key: Verifier | None) -> SegmentVerdict:
    """Check it; ``key`` must come from elsewhere, else the best verdict is: signer not known."""
    manifest = proof.segment.manifest
    results = (
        Result(name=CHAIN, found=tuple(chained(manifest, proof.previous))),
        Result(name=TREE, found=tuple(_tree(proof))),
        Result(name=SIGNATURE, found=tuple(_signature(proof, key))),
    )
    return SegmentVerdict(segment=manifest.id, results=results, checked=len(proof.leaves))


def _tree(proof: SegmentProof) -> Iterator[str]:
    manifest = proof.segment.manifest
    count = manifest.end - manifest.start
    if len(proof.leaves) != count or root_hash(proof.leaves) != manifest.root:
        yield f"the {len(proof.leaves)} leaf hashes do not lead to the manifest's root"
        return
    try:
        if root_after(manifest.start, proof.before, proof.leaves) != manifest.tree_root:
            yield "the leaf hashes do not lead to the manifest's tree root"
        head = Head.parse(text_of(proof.checkpoint))
        consistency.verify(
            manifest.end, head.size, list(proof.growth), manifest.tree_root, head.root
        )
    except (BadProof, MalformedHead, Malformed, ValueError) as error:
        yield f"the checkpoint does not continue the segment: {error}"


def _signature(proof: SegmentProof, pinned: Verifier | None) -> Iterator[str]:
    if pinned is None:
        yield UNKNOWN_SIGNER
        return
    manifest = proof.segment.manifest
    try:
        followed = chain(pinned, proof.handovers)
        keys = [pinned, *(one.new for one in followed)]
        mine = [key for key in keys if key.id.hex() == manifest.key_id]
        if not any(key.signed(proof.segment.note) for key in mine):
            yield f"not signed by the key {manifest.key_id}, or {pinned.id.hex()} never led to it"
        revoked = {one.old: one.size for one in followed if one.reason == EMERGENCY}
        if any(manifest.end > revoked.get(key, manifest.end) for key in mine):
            yield f"signed by the key {manifest.key_id} after it was revoked"
        if not any(key.signed(proof.checkpoint) for key in keys):
            yield "the checkpoint is signed by no key of this log"
    except Malformed as error:
        yield str(error)


def _segment(note: str) -> Segment:
    try:
        manifest = Manifest.parse(text_of(note.encode()))
    except (MalformedManifest, Malformed) as error:
        raise Unreadable(str(error)) from error
    return Segment(manifest=manifest, note=note.encode())


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose members have different names: readers differ in which of two they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("a member stands in an object twice")
    return found


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in hashes]


def _hashes(texts: Sequence[str]) -> list[bytes]:
    return [b64decode(one, validate=True) for one in texts]
