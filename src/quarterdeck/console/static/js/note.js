// Signed checkpoints: c2sp.org/signed-note and c2sp.org/tlog-checkpoint, Ed25519.

import { fromBase64, joined, same } from "./merkle.js";

const ED25519 = 1;
const HASH_BYTES = 32;
const ID_BYTES = 4;

// The bytes of a note as text, or null: UTF-8 of one form alone, and no control characters.
function textOf(bytes) {
  try {
    const note = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return /[\0-\x09\x0b-\x1f]/.test(note) ? null : note;
  } catch {
    return null;
  }
}

// What a checkpoint says and who signed it, from its bytes; null unless it is written as it must be.
export function readCheckpoint(bytes) {
  const note = textOf(bytes);
  const gap = note === null ? -1 : note.lastIndexOf("\n\n");
  if (gap < 0 || !note.endsWith("\n")) return null;
  const text = note.slice(0, gap + 1);
  const [origin, size, root] = text.split("\n");
  if (!origin || !/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(Number(size)) || !root) return null;
  try {
    const signatures = note.slice(gap + 2, -1).split("\n").map(signatureOf);
    const hash = fromBase64(root);
    return hash.length === HASH_BYTES ? { origin, size: Number(size), root: hash, text, signatures } : null;
  } catch {
    return null;
  }
}

function signatureOf(line) {
  const [dash, name, encoded, ...more] = line.split(" ");
  const bytes = fromBase64(encoded ?? "");
  if (dash !== "\u2014" || !name || more.length || bytes.length <= ID_BYTES) throw new Error(`no signature: ${line}`);
  return { name, bytes };
}

// "good", "bad", or "unable" where this browser has no Ed25519.
export async function checkSignature(checkpoint, vkey) {
  const [name, id, encoded] = vkey.split(/\+(.*?)\+(.*)/s);
  const key = fromBase64(encoded);
  const keyId = await idOf(name, key);
  if (key[0] !== ED25519 || id !== hex(keyId)) return "bad";
  const mine = checkpoint.signatures.filter(
    (one) => one.name === name && same(one.bytes.slice(0, ID_BYTES), keyId),
  );
  if (!mine.length) return "bad";
  let verifier;
  try {
    verifier = await crypto.subtle.importKey("raw", key.slice(1), "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") return "unable";
    throw error;
  }
  const text = new TextEncoder().encode(checkpoint.text);
  for (const one of mine) {
    if (!(await crypto.subtle.verify("Ed25519", verifier, one.bytes.slice(ID_BYTES), text))) return "bad";
  }
  return "good";
}

async function idOf(name, key) {
  const named = joined(new TextEncoder().encode(`${name}\n`), key);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", named)).slice(0, ID_BYTES);
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
