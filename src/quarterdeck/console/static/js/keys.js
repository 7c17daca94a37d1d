// The keyboard: g and a letter go, j and k walk a list, / finds, ? helps, Esc leaves.

const open = (id) => document.getElementById(id).showModal();
const writing = (node) => node.closest("input, textarea, select, [contenteditable]");

export function listenToKeys() {
  for (const button of document.querySelectorAll("[data-open]")) {
    button.hidden = false;
    button.addEventListener("click", () => open(button.dataset.open));
  }
  listenToCommands();
  let went = -Infinity;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return open("commands");
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return leave(event);
    if (writing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "Shift") return; // on the way to a capital letter
    if (event.timeStamp - went < 1500 && go(event)) return;
    went = event.key === "g" ? event.timeStamp : -Infinity;
    act(event);
  });
}

function go(event) {
  const link = document.querySelector(`[data-key="g ${CSS.escape(event.key)}"]`);
  if (!link) return false;
  event.preventDefault();
  location.assign(link.href);
  return true;
}

function act(event) {
  if (event.key === "/") find(event);
  else if (event.key === "?") open("help");
  else if (event.key === "j") walk(1, event);
  else if (event.key === "k") walk(-1, event);
  else if (event.key === "x") choose();
  else if ("ars".includes(event.key)) press(event);
}

function choose() {
  const box = document.activeElement?.closest("tr, li")?.querySelector("input[type=checkbox]");
  if (box) box.checked = !box.checked;
}

// What is chosen, or else the row one stands on.
function press(event) {
  const target = document.querySelector(`[data-act="${event.key}"]`);
  if (!target) return;
  event.preventDefault();
  const boxes = [...document.querySelectorAll("[data-list] input[type=checkbox]")];
  if (boxes.length && !boxes.some((box) => box.checked)) choose();
  if (!boxes.length || boxes.some((box) => box.checked)) target.click();
}

function find(event) {
  event.preventDefault();
  const field = document.querySelector("#q") ?? document.getElementById("search");
  field.focus();
  field.select();
}

function walk(step, event) {
  const rows = [...document.querySelectorAll("[data-list] [data-row]")];
  if (!rows.length) return;
  event.preventDefault();
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function leave(event) {
  if (document.querySelector("dialog[open]")) return;
  const menu = document.querySelector(".who[open], .dock details[open]");
  if (menu) menu.open = false;
  else if (event.target !== document.body && event.target.blur) event.target.blur();
  else document.querySelector("[data-back]")?.click();
}

function listenToCommands() {
  const dialog = document.getElementById("commands");
  const field = dialog.querySelector("input");
  const links = [...dialog.querySelectorAll("a")];
  const shown = () => links.filter((link) => !link.parentElement.hidden);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const link of links) {
      link.parentElement.hidden = !link.textContent.toLowerCase().includes(wanted);
    }
  });
  dialog.addEventListener("keydown", (event) => {
    const list = shown();
    const at = list.indexOf(document.activeElement);
    if (event.key === "Enter" && at < 0 && list.length) location.assign(list[0].href);
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (list[next] ?? field).focus();
  });
  dialog.addEventListener("close", () => {
    field.value = "";
    for (const link of links) link.parentElement.hidden = false;
  });
}
