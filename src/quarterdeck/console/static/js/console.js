// The console's script. Every page works without it; with it, pages live and answer keys.

import { keepAges } from "./ages.js";
import { readCharts } from "./chart.js";
import { listenToKeys } from "./keys.js";
import { live } from "./live.js";
import { dragBars } from "./rota.js";
import { offerVerification } from "./verify.js";

document.documentElement.classList.add("scripted");
for (const node of document.querySelectorAll("[data-without-script]")) node.hidden = true;

for (const form of document.querySelectorAll("[data-submit-on-change]")) {
  form.addEventListener("change", () => {
    // Empty parts stay out of the address: it is pasted into chats.
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
    form.requestSubmit();
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  });
}

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".who[open], .dock details[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

keepAges();
readCharts();
dragBars();
listenToKeys();
offerVerification();
live();
