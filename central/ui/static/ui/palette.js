// The palette (Ctrl K): screens, records and actions within the person's rights, and what this screen itself offers.
// Loaded after desk.js, whose helpers it uses. Recent searches stay in this browser, apart for each person.
"use strict";

const palette = document.getElementById("palette");
const paletteText = document.getElementById("palette-text");
const paletteHits = document.getElementById("palette-hits");
const recentKey = `rialto.recent.${body.dataset.user}`;
const RECENT = 6;
let paletteAsked = 0;
let paletteTimer = 0;

function openPalette() {
  if (!palette || palette.open) return;
  openDialog()?.close();
  palette.showModal();
  paletteText.value = "";
  askPalette();
  paletteText.focus();
}

// --- recent searches -----------------------------------------------------------------------------------------------

function recent() {
  try { return JSON.parse(localStorage.getItem(recentKey)) ?? []; } catch { return []; }
}

function remember(text) {
  const trimmed = text.trim();
  if (trimmed.length < 2) return;
  // A browser that keeps nothing has no recent searches; nothing else is missing.
  try { localStorage.setItem(recentKey, JSON.stringify([trimmed, ...recent().filter((one) => one !== trimmed)].slice(0, RECENT))); } catch {}
}

// --- answers -------------------------------------------------------------------------------------------------------

async function askPalette() {
  const mine = ++paletteAsked;
  const text = paletteText.value;
  const address = `${body.dataset.palette}?q=${encodeURIComponent(text)}&at=${encodeURIComponent(body.dataset.at ?? "")}`;
  const answer = await fetch(address, { headers: { accept: "application/json" } }).catch(() => null);
  if (mine !== paletteAsked) return;
  if (!answer?.ok) { paletteHits.textContent = words.offline; return; }
  const { groups } = await answer.json();
  showHits([...recentGroup(text), ...hereGroup(text), ...groups]);
}

function recentGroup(text) {
  const hits = text ? [] : recent().map((one) => ({ title: one, icon: "history", fill: one }));
  return hits.length ? [{ title: paletteHits.dataset.recent, hits }] : [];
}

// What stands on this screen and says of itself that it is a command: its buttons, bulk actions, downloads.
function hereGroup(text) {
  const wanted = text.replace(/^>/, "").trim().toLowerCase();
  const hits = [...document.querySelectorAll("#main [data-command]")]
    .filter((element) => element.closest("details.pick") || element.checkVisibility())
    .filter((element) => element.dataset.command.toLowerCase().split(/\s+/).some((word) => word.startsWith(wanted)))
    .map((element) => ({ title: element.dataset.command, icon: iconOf(element), note: element.getAttribute("aria-keyshortcuts") ?? "", element }));
  return hits.length ? [{ title: paletteHits.dataset.here, hits }] : [];
}

const iconOf = (element) => element.querySelector("use")?.getAttribute("href").split("#")[1] ?? "command";

function showHits(groups) {
  paletteHits.replaceChildren();
  let count = 0;
  for (const group of groups) {
    const box = make("div", "palette-group");
    const title = make("div", "palette-title", group.title);
    title.id = `palette-group-${count}`;
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", title.id);
    box.append(title);
    for (const hit of group.hits) box.append(showHit(hit, count++));
    paletteHits.append(box);
  }
  if (!count) paletteHits.append(make("div", "palette-none", paletteHits.dataset.none));
  choose(0);
}

function showHit(hit, index) {
  const option = make(hit.url && hit.method !== "post" ? "a" : "button", "palette-hit");
  if (option.tagName === "A") option.href = hit.url;
  else option.type = "button";
  option.id = `hit-${index}`;
  option.setAttribute("role", "option");
  option.tabIndex = -1;
  option.take = () => take(hit);
  option.append(icon(hit.icon), make("span", "clip", hit.title));
  if (hit.site) option.append(make("span", `site-dot site-${hit.site}`));
  if (hit.note) option.append(make("span", "note", hit.note));
  return option;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", document.querySelector(".search-button use").getAttribute("href").replace(/#.*/, `#${name}`));
  svg.append(use);
  return svg;
}

function make(tag, css, text = "") {
  const element = document.createElement(tag);
  element.className = css;
  element.textContent = text;
  return element;
}

// What a hit without an address of its own does.
function take(hit) {
  if (hit.fill) {
    paletteText.value = hit.fill;
    askPalette();
  } else if (hit.element) {
    palette.close();
    hit.element.click();
    hit.element.closest("details")?.querySelector("input:not([type=hidden])")?.focus();
  } else {
    const form = document.getElementById("palette-form");
    form.action = hit.url;
    form.requestSubmit();
  }
}

const hits = () => [...paletteHits.querySelectorAll(".palette-hit")];

function choose(index) {
  const all = hits();
  all.forEach((hit, at) => hit.setAttribute("aria-selected", String(at === index)));
  all[index]?.scrollIntoView({ block: "nearest" });
  paletteText.setAttribute("aria-activedescendant", all[index]?.id ?? "");
}

function follow(hit, event) {
  remember(paletteText.value);
  if (hit.tagName === "A") go(hit.href, event);
  else hit.take();
}

paletteHits?.addEventListener("click", (event) => {
  const hit = event.target.closest(".palette-hit");
  if (!hit) return;
  if (hit.tagName === "A") remember(paletteText.value);
  else follow(hit, event);
});
paletteText?.addEventListener("input", () => {
  clearTimeout(paletteTimer);
  paletteTimer = setTimeout(askPalette, 120);
});
paletteText?.addEventListener("keydown", (event) => {
  const all = hits();
  const at = all.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") choose((at + 1) % all.length);
  else if (event.key === "ArrowUp") choose((at - 1 + all.length) % all.length);
  else if (event.key === "Enter" && all[at]) follow(all[at], event);
  else if (event.key === "?" && !paletteText.value) {
    palette.close();
    document.getElementById("keys").showModal();
  } else return;
  event.preventDefault();
});
