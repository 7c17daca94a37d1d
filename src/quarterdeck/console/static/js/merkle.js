// RFC 6962 hashing over WebCrypto.

const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const leafHash = (entry) => digest(joined(Uint8Array.of(0), entry));
export const nodeHash = (left, right) => digest(joined(Uint8Array.of(1), left, right));
export const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

export const fromHex = (text) =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

// Throws unless text is base64 written in the one way: no spaces, and no bits that count for nothing.
export function fromBase64(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (toBase64(bytes) !== text) throw new Error(`not base64 as it is written: ${text}`);
  return bytes;
}

export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

// The right edge of a tree that grows leaf by leaf.
export class Frontier {
  constructor() {
    this.size = 0;
    this.peaks = [];
  }

  async add(hash) {
    let node = hash;
    for (let left = this.size; left & 1; left = Math.floor(left / 2)) {
      node = await nodeHash(this.peaks.pop(), node);
    }
    this.peaks.push(node);
    this.size += 1;
  }

  async root() {
    if (!this.size) return digest(new Uint8Array());
    let node = this.peaks.at(-1);
    for (const left of this.peaks.slice(0, -1).reverse()) node = await nodeHash(left, node);
    return node;
  }
}

// RFC 9162, 2.1.3.2.
export async function rootFrom(leaf, index, size, path) {
  let [at, last, node] = [index, size - 1, leaf];
  for (const step of path) {
    if (last === 0) return null;
    if (at & 1 || at === last) {
      node = await nodeHash(step, node);
      while (!(at & 1) && at) [at, last] = [at >>> 1, last >>> 1];
    } else {
      node = await nodeHash(node, step);
    }
    [at, last] = [at >>> 1, last >>> 1];
  }
  return last === 0 ? node : null;
}
