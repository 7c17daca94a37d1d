// Entries of no bytes: each must be named by a purge record of the log itself.

const ACTION = "retention:purge";

export class Purged {
  constructor() {
    this.gone = [];
    this.named = [];
  }

  // Whether an entry is gone; one that is there may say of others why they are.
  note(index, entry) {
    if (!entry.length) {
      const last = this.gone.at(-1);
      if (last?.end === index) last.end += 1;
      else this.gone.push({ start: index, end: index + 1 });
      return true;
    }
    const text = new TextDecoder().decode(entry);
    if (text.includes(`"action":"${ACTION}"`)) this.name(index, text);
    return false;
  }

  name(index, text) {
    try {
      const record = JSON.parse(text);
      if (record.source !== "quarterdeck" || record.action !== ACTION) return;
      const { policy, ranges } = JSON.parse(record.payload);
      this.named.push({ index, policy: String(policy), ranges: ranges.map(range) });
    } catch {
      // no purge record, and so names nothing
    }
  }

  // What the records name, in order and without overlaps: there, the first counts.
  spans() {
    const all = this.named.flatMap((by) => by.ranges.map(([start, end]) => ({ start, end, by })));
    all.sort((a, b) => a.start - b.start || a.end - b.end || a.by.index - b.by.index);
    const found = [];
    for (const span of all) {
      const start = Math.max(span.start, found.at(-1)?.end ?? 0);
      if (start < span.end) found.push({ ...span, start });
    }
    return found;
  }

  tell(shown) {
    const counts = new Map();
    const spans = this.spans();
    let next = 0;
    for (const { start, end } of this.gone) {
      while (spans[next]?.end <= start) next += 1;
      for (let at = start, n = next; at < end; n += 1) {
        const span = spans[n];
        if (!span || span.start > at) {
          shown.add("critical", `Record #${at} was removed, and no purge record names it.`);
          return;
        }
        const to = Math.min(end, span.end);
        counts.set(span.by, (counts.get(span.by) ?? 0) + to - at);
        at = to;
      }
    }
    for (const [{ index, policy }, count] of counts) {
      shown.add("ok", `${count.toLocaleString("en")} records were purged by policy ${policy.slice(0, 12)}, as record #${index} says; their hashes lead to the root.`);
    }
  }
}

function range([start, end]) {
  if (!Number.isInteger(start) || !Number.isInteger(end)) throw new TypeError("no range");
  return [start, end];
}
