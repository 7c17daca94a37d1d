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
      const { policy, ranges } = JSON.parse(record.payload);
      if (record.source === "quarterdeck" && record.action === ACTION) this.named.push({ index, policy, ranges });
    } catch {
      // no purge record, and so names nothing
    }
  }

  by(index) {
    return this.named.find(({ ranges }) => ranges.some(([start, end]) => start <= index && index < end));
  }

  tell(shown) {
    const counts = new Map();
    for (const { start, end } of this.gone) {
      for (let index = start; index < end; index += 1) {
        const by = this.by(index);
        if (!by) {
          shown.add("critical", `Record #${index} was removed, and no purge record names it.`);
          return;
        }
        counts.set(by, (counts.get(by) ?? 0) + 1);
      }
    }
    for (const [{ index, policy }, count] of counts) {
      shown.add("ok", `${count.toLocaleString("en")} records were purged by policy ${policy.slice(0, 12)}, as record #${index} says; their hashes lead to the root.`);
    }
  }
}
