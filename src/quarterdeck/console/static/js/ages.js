// Relative times stay true while a page stands open; the absolute one gets its local twin.

const JOINT = "\u00a0";
const STEPS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
let skew = 0;

export const now = () => Date.now() + skew;

// As console/words.py writes it, so that a page does not change its words when it comes alive.
export function ago(moment, at = now()) {
  const seconds = Math.floor(Math.abs(at - moment) / 1000);
  if (seconds < 1) return "just now";
  const place = STEPS.findIndex(([size]) => seconds >= size);
  const [size, unit] = STEPS[place];
  const whole = Math.floor(seconds / size);
  let text = `${whole}${JOINT}${unit}`;
  if (place < 2 && whole < 10) {
    const [smaller, name] = STEPS[place + 1];
    const rest = Math.floor((seconds % size) / smaller);
    if (rest) text += ` ${rest}${JOINT}${name}`;
  }
  return moment <= at ? `${text}${JOINT}ago` : `in${JOINT}${text}`;
}

export function keepAges() {
  skew = Date.parse(document.body.dataset.now) - Date.now();
  refreshAges();
  setInterval(refreshAges, 1000);
}

export function refreshAges(root = document) {
  if (document.documentElement.classList.contains("frozen")) return;
  for (const node of root.querySelectorAll("time")) {
    const moment = Date.parse(node.dateTime);
    if (node.dataset.ago !== undefined) {
      const text = ago(moment);
      if (node.textContent !== text) node.textContent = text;
    }
    if (node.title && !node.dataset.local) {
      node.dataset.local = "1";
      node.title += `\n${new Date(moment).toLocaleString()} here`;
    }
  }
}
