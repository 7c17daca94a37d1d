// One stream for all tabs of a browser; when it drops, the page freezes and says since when.
//
// The tab that holds a lock reads the stream and tells the others. Only a tab that is seen asks
// for the lock, so nothing is read while no tab is.

import { now, refreshAges } from "./ages.js";

const LOCK = "quarterdeck-stream";
const POLL_MS = 1000;
const SETTLE_MS = 250;
const SILENCE_MS = 40000;
const AFRESH_MS = 60000;

const channel = globalThis.BroadcastChannel ? new BroadcastChannel(LOCK) : null;
let source = null;
let leave = null;
let heard = Date.now();
let refreshing = false;
let wanted = false;

export function live() {
  pollJobs();
  if (!document.body.dataset.stream) return;
  document.addEventListener("visibilitychange", turn);
  channel?.addEventListener("message", ({ data }) => told(data));
  setInterval(() => {
    if (!document.hidden && Date.now() - heard > SILENCE_MS) told({ what: "dropped", at: heard });
  }, 5000);
  // A tenant that began meanwhile is in no stream opened before.
  setInterval(() => {
    if (!document.hidden && !document.documentElement.classList.contains("frozen")) refreshSoon();
  }, AFRESH_MS);
  turn();
}

function turn() {
  if (document.hidden) return rest();
  heard = Date.now();
  if (source || leave) return;
  // Locks need a secure context; without them each seen tab reads a stream of its own.
  if (!navigator.locks) return connect();
  const asked = new AbortController();
  leave = () => asked.abort();
  navigator.locks
    .request(LOCK, { signal: asked.signal }, () => {
      connect();
      return new Promise((done) => {
        leave = done;
      });
    })
    .catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
}

function rest() {
  source?.close();
  source = null;
  leave?.();
  leave = null;
}

function connect() {
  source = new EventSource(document.body.dataset.stream);
  const tell = (message) => {
    told(message);
    channel?.postMessage(message);
  };
  source.addEventListener("begin", () => {
    tell({ what: "alive" });
    refreshSoon(); // what happened between the page and its stream is in neither
  });
  source.addEventListener("heartbeat", () => tell({ what: "alive" }));
  source.addEventListener("fact", ({ data }) => tell({ what: "fact", fact: JSON.parse(data) }));
  source.addEventListener("gap", () => tell({ what: "fact" }));
  source.addEventListener("end", ({ data }) => ended(JSON.parse(data).reason, tell));
  source.onerror = () => {
    tell({ what: "dropped", at: heard });
    // Refused for good, it does not try again by itself.
    if (source?.readyState === EventSource.CLOSED) retry();
  };
}

function ended(reason, tell) {
  tell({ what: "dropped", at: Date.now() });
  if (reason !== "refused") return;
  rest();
  location.reload();
}

function retry() {
  source = null;
  setTimeout(() => {
    if (!document.hidden && !source) connect();
  }, 3000);
}

function told(message) {
  if (message.what === "dropped") return freeze(message.at);
  heard = Date.now();
  const thawed = thaw();
  if (message.what === "fact" || thawed) refreshSoon();
}

function freeze(at) {
  const band = document.getElementById("stale");
  if (document.documentElement.classList.contains("frozen")) return;
  document.documentElement.classList.add("frozen");
  const since = new Date(at + now() - Date.now());
  band.querySelector("strong").textContent = `Stale since ${since.toISOString().slice(11, 19)} UTC`;
  band.hidden = false;
}

function thaw() {
  const root = document.documentElement;
  if (!root.classList.contains("frozen")) return false;
  root.classList.remove("frozen");
  document.getElementById("stale").hidden = true;
  return true;
}

// What changes though nothing happens is asked for again as often as the page says.
const every = Number(document.querySelector("[data-every]")?.dataset.every);
if (every) {
  setInterval(() => {
    const frozen = document.documentElement.classList.contains("frozen");
    if (!frozen && !document.hidden) refreshSoon();
  }, every * 1000);
}

// What happened is not drawn here: the page is asked for again, and its live parts replaced.
function refreshSoon() {
  wanted = true;
  if (refreshing || !document.querySelector("[data-live]")) return;
  refreshing = true;
  setTimeout(async () => {
    wanted = false;
    await refresh();
    refreshing = false;
    if (wanted) refreshSoon();
  }, SETTLE_MS);
}

async function refresh() {
  const fresh = await fetched(location.href);
  if (!fresh) return;
  for (const part of document.querySelectorAll("[data-live], #jobs")) {
    const twin = part.id && fresh.getElementById(part.id);
    if (twin) replace(part, twin);
  }
  // A part that was not there before, such as the first row of an empty list, needs all anew.
  const count = (page) => page.querySelectorAll("main [data-live]").length;
  const busy = document.activeElement?.closest("input, select, textarea, dialog");
  if (count(fresh) !== count(document) && !busy) {
    document.querySelector("main").replaceChildren(...fresh.querySelector("main").childNodes);
    document.dispatchEvent(new Event("quarterdeck:anew"));
  }
  if (fresh.body.dataset.stream !== document.body.dataset.stream) {
    document.body.dataset.stream = fresh.body.dataset.stream;
    rest();
    turn();
  }
  const clock = document.getElementById("live");
  clock.replaceWith(document.importNode(fresh.getElementById("live"), true));
  document.dispatchEvent(new Event("quarterdeck:refreshed"));
  refreshAges();
  pollJobs();
}

async function fetched(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null; // the stream says that the server is away
  }
}

function replace(part, twin) {
  if (part.outerHTML === twin.outerHTML) return;
  const held = part.contains(document.activeElement) ? document.activeElement : null;
  if (held?.matches("input, select, textarea") || part.querySelector("details[open], .pick")) return;
  const address = held?.getAttribute("href");
  const fresh = document.importNode(twin, true);
  const chosen = [...part.querySelectorAll("input:checked[form]")].map((box) => box.value);
  for (const box of fresh.querySelectorAll("input[type=checkbox][form]")) {
    box.checked = chosen.includes(box.value);
  }
  part.replaceWith(fresh);
  if (address) fresh.querySelector(`[href="${CSS.escape(address)}"]`)?.focus();
}

// Progress is no event, so while something runs its panel is asked for each second.
let polling = 0;

function pollJobs() {
  const panel = document.getElementById("jobs");
  if (polling || !panel?.dataset.poll) return;
  polling = setTimeout(async () => {
    polling = 0;
    const at = document.getElementById("jobs");
    const frozen = document.documentElement.classList.contains("frozen");
    if (at && !document.hidden && !frozen) {
      const fresh = await fetched(at.dataset.poll);
      const twin = fresh?.getElementById("jobs");
      if (twin) {
        for (const back of twin.querySelectorAll('input[name="back"]')) {
          back.value = location.pathname + location.search;
        }
        replace(at, twin);
        refreshAges();
      }
    }
    pollJobs();
  }, POLL_MS);
}
