// Signed checkpoints: c2sp.org/signed-note and c2sp.org/tlog-checkpoint, Ed25519.

import { fromBase64, joined, same } from "./merkle.js";

const ED25519 = 1;

export function readCheckpoint(note) {
  const gap = note.lastIndexOf("\n\n");
  const text = note.slice(0, gap + 1);
  const [origin, size, root] = text.split("\n");
  if (gap < 0 || !origin || !/^(0|[1-9]\d*)$/.test(size) || !root) return null;
  const signatures = note
    .slice(gap + 2)
    .trimEnd()
    .split("\n")
    .map((line) => line.match(/^\u2014 (\S+) (\S+)$/))
    .filter(Boolean)
    .map(([, name, encoded]) => ({ name, bytes: fromBase64(encoded) }));
  return { origin, size: Number(size), root: fromBase64(root), text, signatures };
}

// "good", "bad", or "unable" where this browser has no Ed25519.
export async function checkSignature(checkpoint, vkey) {
  const [name, id, encoded] = vkey.split(/\+(.*?)\+(.*)/s);
  const key = fromBase64(encoded);
  const keyId = await idOf(name, key);
  if (key[0] !== ED25519 || id !== hex(keyId)) return "bad";
  const mine = checkpoint.signatures.find(
    (one) => one.name === name && same(one.bytes.slice(0, 4), keyId),
  );
  if (!mine) return "bad";
  let verifier;
  try {
    verifier = await crypto.subtle.importKey("raw", key.slice(1), "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") return "unable";
    throw error;
  }
  const text = new TextEncoder().encode(checkpoint.text);
  const good = await crypto.subtle.verify("Ed25519", verifier, mine.bytes.slice(4), text);
  return good ? "good" : "bad";
}

async function idOf(name, key) {
  const named = joined(new TextEncoder().encode(`${name}\n`), key);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", named)).slice(0, 4);
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
