// A log as this browser reads it: C2SP tlog-tiles below its URL. It is asked for bytes, never
// whether it is fine.

const WIDTH = 256;

export class Unreachable extends Error {}

export class Log {
  constructor(url) {
    this.url = url.replace(/\/$/, "");
  }

  // Where a log stands is the API's to say; its host may have another name than ours here.
  static async of(tenant) {
    const answer = await read("/api/v1/trail/logs", "json");
    const logs = answer.logs ?? answer;
    const found = logs.find((log) => log.tenant === tenant);
    if (!found) throw new Unreachable(`the API lists no log of ${tenant}`);
    return new Log(new URL(found.url, location.href).pathname);
  }

  checkpoint() {
    return read(`${this.url}/checkpoint`, "bytes");
  }

  // Bundles of entries up to size, each with the hashes of its tile: [entries, hashes, start].
  async *bundles(size) {
    for (let start = 0; start < size; start += WIDTH) {
      const width = Math.min(WIDTH, size - start);
      const name = tileName(start / WIDTH, width);
      const [bundle, tile] = await Promise.all([
        read(`${this.url}/tile/entries/${name}`, "bytes"),
        read(`${this.url}/tile/0/${name}`, "bytes"),
      ]);
      yield { entries: entriesOf(bundle), hashes: hashesOf(tile), start, width };
    }
  }

  async entry(index, size) {
    const start = index - (index % WIDTH);
    const name = tileName(start / WIDTH, Math.min(WIDTH, size - start));
    return entriesOf(await read(`${this.url}/tile/entries/${name}`, "bytes"))[index - start];
  }
}

async function read(address, kind) {
  let answer;
  try {
    answer = await fetch(address, { cache: "no-store", headers: { Accept: "*/*" } });
  } catch {
    throw new Unreachable("the server does not answer");
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Unreachable(problem.detail ?? `${address} answers ${answer.status}`);
  }
  if (kind === "bytes") return new Uint8Array(await answer.arrayBuffer());
  return answer.json();
}

function tileName(index, width) {
  const groups = [String(index % 1000).padStart(3, "0")];
  for (let rest = Math.floor(index / 1000); rest; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return groups.join("/") + (width === WIDTH ? "" : `.p/${width}`);
}

function entriesOf(bundle) {
  const entries = [];
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 + bundle[at] * 256 + bundle[at + 1];
    if (!(end <= bundle.length)) break; // it ends within an entry: that one is not there
    entries.push(bundle.slice(at + 2, end));
    at = end;
  }
  return entries;
}

function hashesOf(tile) {
  const hashes = [];
  for (let at = 0; at < tile.length; at += 32) hashes.push(tile.slice(at, at + 32));
  return hashes;
}
