// A schedule by hand: a drag over its bars fills in the form of an override that stands beside them.
// Nothing is saved before that form is sent. Without this file links and the keyboard fill it in.

const EDGE = 7; // pixels of the screen, on each side of where a bar ends
const SVG = "http://www.w3.org/2000/svg";

export function dragBars() {
  if (!shown()) return;
  // Under a finger the drawing scrolls, but for its last row, which is dragged. touch-action would
  // say so, and holds for no part of a drawing.
  const held = (event) => event.target.closest("[data-rota] .last [data-start]") && event.preventDefault();
  document.addEventListener("touchstart", held, { passive: false });
  document.addEventListener("pointerdown", (event) => {
    const bar = event.target.closest("[data-rota] [data-start]");
    if (bar && !event.button) drag(bar, event);
  });
}

function drag(bar, event) {
  const form = document.querySelector("[data-rota-form]");
  const held = grasped(bar, event.clientX);
  const from = held.edge ?? wall(event.clientX);
  const ends = new AbortController();
  const follow = { signal: ends.signal };
  let wanted = null;
  event.preventDefault();
  const move = (moved) => {
    wanted = span(held, from, wall(moved.clientX), soon(form));
    mark(wanted, event.clientX, moved.clientX);
  };
  const drop = () => {
    ends.abort();
    if (wanted) fill(form, wanted);
    else mark(null);
  };
  const give = () => {
    ends.abort();
    mark(null);
  };
  document.addEventListener("pointermove", move, follow);
  document.addEventListener("pointerup", drop, follow);
  document.addEventListener("pointercancel", give, follow); // a finger that scrolls after all
  document.addEventListener("keydown", (key) => key.key === "Escape" && give(), follow);
}

// The drawing as it is now: what happens meanwhile may put another in its place.
function shown() {
  return document.querySelector("[data-rota]");
}

// What was grasped: the edge of a bar, with who has it before and after; or the days themselves.
function grasped(bar, x) {
  const { left, right } = bar.querySelector("rect").getBoundingClientRect();
  const { start, end, person } = bar.dataset;
  const others = [...bar.parentNode.querySelectorAll("[data-start]")];
  if (right - x < EDGE && right - x <= x - left) {
    const next = others.find((other) => other.dataset.start === end);
    return { edge: end, before: person, after: next?.dataset.person ?? "" };
  }
  if (x - left < EDGE) {
    const last = others.find((other) => other.dataset.end === start);
    return { edge: start, before: last?.dataset.person ?? "", after: person };
  }
  return {};
}

// Who would take which span, from now on; null: none. An edge that moves later is the former's.
function span(held, from, to, now) {
  const [first, end] = from < to ? [from, to] : [to, from];
  const start = first < now ? now : first;
  if (start >= end) return null;
  const person = held.edge && (to > held.edge ? held.before : held.after);
  return { start, end, person };
}

// The next minute by the wall clock of the schedule: what the page said, and how long it is there.
function soon(form) {
  const then = Date.parse(`${form.dataset.now}Z`);
  return new Date(then + performance.now() + 60_000).toISOString().slice(0, 16);
}

// The time by the wall clock at a place of the screen, to the hour. A day on which clocks change is
// taken for 24 hours: the form says the time, and can be mended.
function wall(x) {
  const drawing = shown();
  const box = drawing.getBoundingClientRect();
  const at = ((x - box.left) / box.width) * drawing.viewBox.baseVal.width;
  const days = [...drawing.querySelectorAll("[data-day]")].map((day) => ({
    x: Number(day.dataset.x),
    day: day.dataset.day,
  }));
  const begun = Math.max(days.findLastIndex((day) => day.x <= at), 0);
  const here = days[Math.min(begun, days.length - 2)];
  const next = days[days.indexOf(here) + 1];
  const hour = Math.round(((at - here.x) / (next.x - here.x)) * 24);
  if (hour >= 24) return `${next.day}T00:00`;
  return `${here.day}T${String(Math.max(hour, 0)).padStart(2, "0")}:00`;
}

function mark(wanted, ...places) {
  const drawing = shown();
  drawing.querySelector(".pick")?.remove();
  if (!wanted) return;
  const box = drawing.getBoundingClientRect();
  const scale = drawing.viewBox.baseVal.width / box.width;
  const [left, right] = places.map((x) => (x - box.left) * scale).sort((a, b) => a - b);
  const pick = document.createElementNS(SVG, "rect");
  const shape = { class: "pick", x: left, y: 16, width: right - left, height: "100%" };
  for (const [name, value] of Object.entries(shape)) pick.setAttribute(name, value);
  drawing.append(pick);
}

function fill(form, wanted) {
  const { start, end, person, why } = form.elements;
  start.value = wanted.start;
  end.value = wanted.end;
  if (wanted.person) person.value = wanted.person;
  const words = [wanted.start, wanted.end].map((at) => at.replace("T", " ")).join(" to ");
  form.querySelector("[data-rota-said]").textContent = `${words}: nothing is saved yet.`;
  form.scrollIntoView({ block: "nearest" });
  (person.value ? why : person).focus({ preventScroll: true });
}
