// Charts that the server drew: what a point says is read out, and arrow keys go through points.
// Without this file each point is a link that says the same in its title.

export function readCharts() {
  for (const chart of document.querySelectorAll("[data-chart]")) {
    const readout = chart.parentElement.querySelector("[data-readout]");
    readout.hidden = false;
    // Where the drawing is wider than the screen, the last days are what one came for.
    chart.parentElement.scrollLeft = chart.parentElement.scrollWidth;
    // One stop for the Tab key, not one for each day of a year.
    chart.querySelectorAll("[data-point]").forEach((point, at) => {
      point.setAttribute("tabindex", at ? -1 : 0);
    });
    const tell = (event) => {
      const point = event.target.closest("[data-point]");
      if (point) readout.textContent = point.getAttribute("aria-label");
    };
    chart.addEventListener("focusin", tell);
    chart.addEventListener("pointerover", tell);
    chart.addEventListener("keydown", (event) => step(chart, event));
  }
}

function step(chart, event) {
  const points = [...chart.querySelectorAll("[data-point]")];
  const at = points.indexOf(document.activeElement);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: points.length - 1 }[event.key];
  if (at < 0 || !points[to]) return;
  event.preventDefault();
  points[at].setAttribute("tabindex", -1);
  points[to].setAttribute("tabindex", 0);
  points[to].focus();
}
