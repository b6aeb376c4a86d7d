// Lists in the browser: ticks, by mouse and keys, kept while rows are drawn anew. Everything here is also a form
// that works without it. Loaded with desk.js, whose KEYS and rows it uses.
"use strict";

const list = document.querySelector("[data-list]");
const ticked = new Set();
let lastTick = null;

const ticks = () => [...document.querySelectorAll("[data-list] input[name=row]")];

function tick(box, isOn) {
  box.checked = isOn;
  if (isOn) ticked.add(box.value);
  else ticked.delete(box.value);
}

function tellTicks() {
  const all = ticks();
  const on = all.filter((box) => box.checked);
  for (const count of document.querySelectorAll("[data-ticked]")) count.textContent = String(on.length);
  const head = document.querySelector("[data-tick-all]");
  if (head) {
    head.checked = all.length > 0 && on.length === all.length;
    head.indeterminate = on.length > 0 && on.length < all.length;
  }
}

// From the last one ticked to this one, both included.
function tickRange(box) {
  const all = ticks();
  const from = Math.max(0, all.indexOf(lastTick));
  const to = all.indexOf(box);
  for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) tick(one, true);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-list] input[name=row]");
  if (!box) return;
  if (event.shiftKey && box.checked) tickRange(box);
  tick(box, box.checked);
  lastTick = box;
  tellTicks();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-tick-all]")) return;
  for (const box of ticks()) tick(box, event.target.checked);
  tellTicks();
});

function untick() {
  for (const box of ticks()) tick(box, false);
  const whole = document.querySelector("#bulk input[name=whole]");
  if (whole) whole.checked = false;
  tellTicks();
}
document.addEventListener("reset", (event) => event.target.id === "bulk" && untick());

// A row that is drawn anew keeps its tick; a browser that comes back to the page keeps all of them.
document.addEventListener("htmx:load", () => {
  for (const box of ticks()) if (ticked.has(box.value)) box.checked = true;
  tellTicks();
});
for (const box of ticks()) if (box.checked) ticked.add(box.value);
tellTicks();

// --- keys ----------------------------------------------------------------------------------------------------------

KEYS.KeyX = (event) => {
  const box = (atRow() ?? list?.querySelector("tr"))?.querySelector("input[name=row]");
  if (!box) return;
  if (event.shiftKey) tickRange(box);
  else tick(box, !box.checked);
  lastTick = box;
  tellTicks();
};
// Enter on a tick would send the form it belongs to: it opens the row, as everywhere in the list.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-list] input[name=row]")) return;
  event.preventDefault();
  event.target.closest("tr").querySelector("a.row-link")?.click();
});
KEYS.KeyO = () => atRow()?.querySelector("a.row-link")?.click();
KEYS.KeyE = () => {
  const first = document.querySelector("[data-bulk-first]");
  // With nothing ticked the row one stands on is meant.
  if (first && !ticks().some((box) => box.checked)) KEYS.KeyX({ shiftKey: false });
  if (first && ticks().some((box) => box.checked)) first.click();
};
KEYS.KeyZ = () => document.querySelector("[data-undo]")?.click();
KEYS.Escape = () => {
  if (ticks().some((box) => box.checked)) untick();
  else standOn(null);
};
KEYS.BracketRight = () => document.querySelector(".list-foot a[rel=next]")?.click();
KEYS.BracketLeft = () => document.querySelector(".list-foot a[rel=prev]")?.click();
