// "Verify here": computes a log's root again from its records, against a pinned key.

import { ago } from "./ages.js";
import { Log, Unreachable } from "./log.js";
import { Frontier, fromBase64, fromHex, leafHash, rootFrom, same, toBase64 } from "./merkle.js";
import { checkSignature, readCheckpoint } from "./note.js";
import { Purged } from "./purged.js";

const PINNED = "quarterdeck:log:";
const CLI = "quarterdeck trail verify --tenant ";

export function offerVerification() {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-verify]");
    if (button) verifyIn(button.closest("[data-log]"), button);
    if (target.closest?.("[data-verify-all]")) verifyAll(target);
  });
  document.addEventListener("quarterdeck:anew", prepare);
  document.addEventListener("quarterdeck:refreshed", showLast); // the server's headline knows nothing of this browser's verdict
  prepare();
}

function prepare() {
  for (const button of document.querySelectorAll("[data-verify], [data-verify-all]")) {
    button.hidden = false;
  }
  for (const words of document.querySelectorAll("main [data-without-script]")) words.hidden = true;
  showLast();
}

async function verifyAll(button) {
  button.disabled = true;
  for (const one of document.querySelectorAll("[data-log] [data-verify]")) {
    await verifyIn(one.closest("[data-log]"), one);
  }
  button.disabled = false;
}

async function verifyIn(place, button) {
  const shown = new Shown(place.querySelector("[data-result]"), place.dataset.log);
  if (!globalThis.crypto?.subtle) return shown.unable("This page came over plain http, where a browser has no cryptography.");
  button.disabled = true;
  try {
    await (place.dataset.leaf === undefined ? verifyLog(place, shown) : verifyLeaf(place, shown));
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    shown.add("unknown", `Not known: ${error.message}.`);
  } finally {
    shown.done();
    button.disabled = false;
    button.textContent = "Verify again";
  }
}

async function verifyLog(place, shown) {
  const log = await Log.of(place.dataset.log);
  const checkpoint = await signed(log, place, shown);
  if (!checkpoint) return;
  const before = pinned(checkpoint.origin);
  const { root, earlier, changed, purged } = await recompute(log, checkpoint, before, shown);
  if (changed !== null) {
    shown.add("critical", `Record #${changed} was altered: what is stored is not what was signed.`, `/trail/${encodeURIComponent(place.dataset.log)}/${changed}`);
  }
  const whole = root !== null && same(root, checkpoint.root);
  if (whole && changed === null) shown.add("ok", `The root over all ${checkpoint.size.toLocaleString("en")} records, computed here, is the signed one.`);
  else if (!whole) shown.add("critical", "The root over the records is not the signed one: the log was tampered with, or is damaged.");
  if (root !== null) purged.tell(shown);
  consistent(before, checkpoint, earlier, shown);
  if (!shown.failed) {
    pin(checkpoint.origin, { ...pinned(checkpoint.origin), size: checkpoint.size, root: toBase64(checkpoint.root), at: Date.now(), unable: shown.unsure, bad: null });
  } else {
    pin(checkpoint.origin, { ...pinned(checkpoint.origin), bad: Date.now() });
  }
  showLast();
}

async function verifyLeaf(place, shown) {
  const log = await Log.of(place.dataset.log);
  const checkpoint = await signed(log, place, shown);
  if (!checkpoint) return;
  const index = Number(place.dataset.index);
  const size = Number(place.dataset.size);
  if (checkpoint.size !== size) {
    shown.add("unknown", `The log has grown to ${checkpoint.size.toLocaleString("en")} records since this page was made. Load it again.`);
    return;
  }
  const path = place.dataset.path.split(" ").filter(Boolean).map(fromHex);
  const leaf = await leafHash((await log.entry(index, size)) ?? new Uint8Array());
  const root = await rootFrom(leaf, index, size, path);
  if (root && same(root, checkpoint.root)) shown.add("ok", `This record's bytes lead by ${path.length} steps to the signed root: it stands in the log at #${index}.`);
  else shown.add("critical", `This record does not lead to the signed root: #${index} was altered, or its path is wrong.`);
}

// The checkpoint, if its signature is that of the pinned key or cannot be checked here.
async function signed(log, place, shown) {
  const checkpoint = readCheckpoint(await log.checkpoint());
  if (!checkpoint) {
    shown.add("critical", "What the server gives as a checkpoint is none.");
    return null;
  }
  const { origin } = checkpoint;
  if (origin !== place.dataset.origin) {
    shown.add("critical", `This is the checkpoint of another log: ${origin}.`);
    return null;
  }
  const known = pinned(origin);
  if (known && known.vkey !== place.dataset.vkey) {
    shown.add("critical", `The log's key is not the one first seen here ${ago(known.first)}. Unless you know why, trust neither.`);
    return null;
  }
  if (!known) pin(origin, { vkey: place.dataset.vkey, first: Date.now() });
  const verdict = await checkSignature(checkpoint, place.dataset.vkey);
  const seen = known ? `pinned here ${ago(known.first)}` : "seen here for the first time, and pinned: compare it once with the one you were given";
  if (verdict === "good") shown.add("ok", `Signed by the log's key (${seen}).`);
  else if (verdict === "unable") shown.add("unknown", "This browser cannot check Ed25519 signatures, so who signed is not known.", "", true);
  else shown.add("critical", "The checkpoint is not signed by the log's key.");
  return verdict === "bad" ? null : checkpoint;
}

async function recompute(log, checkpoint, before, shown) {
  const frontier = new Frontier();
  let earlier = null;
  let changed = null;
  const purged = new Purged();
  for await (const { entries, hashes, start, width } of log.bundles(checkpoint.size)) {
    const leaves = await Promise.all(entries.map(leafHash));
    for (let at = 0; at < width; at += 1) {
      if (!leaves[at]) return { root: null, earlier, changed: start + at, purged };
      // Of one that was purged the hash alone is there: the root says whether it is the right one.
      if (purged.note(start + at, entries[at]) && hashes[at]) leaves[at] = hashes[at];
      if (changed === null && !same(leaves[at], hashes[at] ?? leaves[at])) changed = start + at;
      await frontier.add(leaves[at]);
      if (before?.size === frontier.size) earlier = await frontier.root();
    }
    shown.progress(start + width, checkpoint.size);
  }
  return { root: await frontier.root(), earlier, changed, purged };
}

function consistent(before, checkpoint, earlier, shown) {
  if (!before?.size) return;
  if (before.size > checkpoint.size) shown.add("critical", `The log has shrunk: ${before.size.toLocaleString("en")} records were verified here ${ago(before.at)}.`);
  else if (!earlier || !same(earlier, fromBase64(before.root))) shown.add("critical", `The log does not begin with what was verified here ${ago(before.at)}: history was rewritten.`);
  else shown.add("ok", `It begins with the ${before.size.toLocaleString("en")} records verified here ${ago(before.at)}; nothing before was rewritten.`);
}

function pinned(origin) {
  return JSON.parse(localStorage.getItem(PINNED + origin) ?? "null");
}

function pin(origin, what) {
  localStorage.setItem(PINNED + origin, JSON.stringify(what));
}

// The headline may say "verified" only where this browser verified every log that it shows, and
// an alarm stands until that log verifies again.
function showLast() {
  const line = document.querySelector("[data-proof]");
  const logs = [...document.querySelectorAll("[data-log]:not([data-leaf])")];
  if (!line || !logs.length) return;
  const seen = logs.map((log) => pinned(log.dataset.origin));
  if (seen.some((one) => one?.bad)) return alarm();
  if (!seen.every((one) => one?.at && !one.unable)) return;
  const oldest = Math.min(...seen.map((one) => one.at));
  const time = document.createElement("time");
  time.dateTime = new Date(oldest).toISOString();
  time.title = time.dateTime;
  time.dataset.ago = "";
  time.textContent = ago(oldest, Date.now());
  line.replaceChildren(logs.length > 1 ? "logs verified here " : "log verified here ", time);
}

function alarm() {
  const line = document.querySelector("[data-proof]");
  const mark = document.querySelector("#headline h1 > span");
  if (!line || !mark) return;
  line.textContent = "a log is NOT as it was signed";
  mark.className = "critical";
  mark.replaceChildren(icon("critical"));
}

const icon = (kind) =>
  document.getElementById("marks").content.querySelector(`[data-icon="${kind}"] svg`).cloneNode(true);

class Shown {
  constructor(place, tenant) {
    this.place = place;
    this.tenant = tenant;
    this.failed = false;
    this.unsure = false;
    this.list = document.createElement("ul");
    this.list.className = "verdict";
    this.bar = document.createElement("progress");
    this.place.replaceChildren(this.bar, this.list);
  }

  progress(done, total) {
    this.bar.max = total;
    this.bar.value = done;
  }

  add(state, words, address = "", withCli = false) {
    this.failed ||= state === "critical";
    this.unsure ||= state === "unknown";
    const item = document.createElement("li");
    item.className = state;
    const text = document.createElement("span");
    text.textContent = words;
    if (address) text.append(" ", Object.assign(document.createElement("a"), { href: address, textContent: "Look at it" }));
    if (withCli) text.append(" ", this.cli());
    item.append(icon(state), text);
    this.list.append(item);
    this.place.dataset.verdict = this.failed ? "bad" : this.unsure ? "unknown" : "good";
  }

  unable(why) {
    this.add("unknown", `${why} Verify in a terminal:`, "", true);
    this.done();
  }

  cli() {
    return Object.assign(document.createElement("code"), { textContent: CLI + this.tenant });
  }

  done() {
    this.bar.remove();
  }
}
