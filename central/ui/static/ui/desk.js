// The desk in the browser: keys, live screens, dialogs, toasts. No framework; htmx does the fetching.
"use strict";

const body = document.body;
const language = document.documentElement.lang || "en";
const words = document.getElementById("words")?.dataset ?? {};
const isTyping = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const openDialog = () => document.querySelector("dialog[open]");

// --- moments -------------------------------------------------------------------------------------------------------

const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const shortDay = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
// The server's clock counts: a desk whose own clock is wrong must not see orders from the future.
const skew = body.dataset.now ? Date.parse(body.dataset.now) - Date.now() : 0;

function inWords(moment) {
  const seconds = (moment - Date.now() - skew) / 1000;
  const past = Math.abs(seconds);
  if (past < 60) return relative.format(Math.round(seconds), "second");
  if (past < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (past < 86400) return relative.format(Math.round(seconds / 3600), "hour");
  if (past < 7 * 86400) return relative.format(Math.round(seconds / 86400), "day");
  return shortDay.format(moment);
}

function tellTime(root) {
  for (const time of root.querySelectorAll("time.ago")) {
    const moment = new Date(time.dateTime);
    const text = inWords(moment);
    if (time.textContent !== text) time.textContent = text;
    time.title = exact.format(moment);
  }
}
tellTime(document);
setInterval(() => tellTime(document), 5000);

// --- toasts --------------------------------------------------------------------------------------------------------

const toasts = document.getElementById("toasts");
const leaveSoon = (toast) => setTimeout(() => toast.matches(":hover, :focus-within") ? leaveSoon(toast) : toast.remove(), 7000);

function say(text, tone = "error") {
  const template = document.getElementById("toast-template");
  if (!template) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.className = `note-toast note-${tone}`;
  toast.querySelector("span").textContent = text;
  toasts.append(toast);
  leaveSoon(toast);
}
toasts?.querySelectorAll("[data-toast]").forEach(leaveSoon);

// --- clicks --------------------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.closest("[data-close-toast]")) target.closest("[data-toast]").remove();
  if (target.closest("[data-open-palette]")) openPalette();
  if (target.closest("[data-open-keys]")) document.getElementById("keys").showModal();
  const copy = target.closest("[data-copy]");
  if (copy) copyText(document.querySelector(copy.dataset.copy));
  for (const open of document.querySelectorAll("details.help[open], details.pick[open]")) if (!open.contains(target) && target.isConnected) open.open = false;
  if (target.tagName === "DIALOG") target.close();
  const row = target.closest("tr[data-href]");
  if (row && !target.closest("a, button, input, select, label, form") && !getSelection().toString()) go(row.dataset.href, event);
});

function go(href, event) {
  if (event.ctrlKey || event.metaKey) open(href, "_blank", "noopener");
  else location.href = href;
}

function copyText(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  // The clipboard needs https or localhost; elsewhere the text is selected and Ctrl+C is one step away.
  navigator.clipboard?.writeText(element.textContent).then(() => say(words.copied, "success"), () => {});
}

// --- are you sure? -------------------------------------------------------------------------------------------------

function confirmThen(source, then) {
  const dialog = document.getElementById("confirm");
  const yes = document.getElementById("confirm-yes");
  document.getElementById("confirm-text").textContent = source.dataset.confirm;
  yes.textContent = source.dataset.confirmYes || yes.dataset.default;
  dialog.returnValue = "no";
  dialog.onclose = () => dialog.returnValue === "yes" && then();
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const source = event.submitter?.dataset.confirm ? event.submitter : event.target.dataset.confirm ? event.target : null;
  if (!source || event.target.dataset.confirmed) return;
  event.preventDefault();
  event.stopPropagation();
  const { target, submitter } = event;
  confirmThen(source, () => {
    target.dataset.confirmed = "yes";
    target.requestSubmit(submitter);
    delete target.dataset.confirmed;
  });
}, true);

// --- filters of lists ----------------------------------------------------------------------------------------------

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-filters]") && event.target.type !== "search") form.requestSubmit();
});

// --- keys ----------------------------------------------------------------------------------------------------------

let waitsForPlace = 0;
const rows = () => [...document.querySelectorAll("tr[data-href], [data-list] tr")];

// The row a person stands on is kept by what it shows, not as an element: a live list draws its rows anew at any time.
let standsOn = null;
const nameOf = (row) => row.dataset.key ?? row.dataset.href;
const atRow = () => standsOn && rows().find((row) => nameOf(row) === standsOn);

function standOn(row) {
  standsOn = row && nameOf(row);
  markRow();
}

function markRow() {
  const at = atRow();
  for (const row of document.querySelectorAll("tr.at")) if (row !== at) row.classList.remove("at");
  at?.classList.add("at");
}

function moveTo(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(atRow());
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  standOn(next);
  (next.querySelector("a.row-link") ?? next.querySelector("input[name=row]"))?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// By place on the keyboard, so that J and K are J and K on a Russian layout too.
const KEYS = {
  KeyJ: () => moveTo(1),
  KeyK: () => moveTo(-1),
  KeyN: () => document.querySelector(".news-button")?.click(),
  KeyG: () => (waitsForPlace = Date.now()),
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") {
    event.preventDefault();
    return openPalette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || openDialog() || isTyping(event.target) || !document.getElementById("palette")) return;
  if (Date.now() - waitsForPlace < 1500) {
    waitsForPlace = 0;
    const link = document.querySelector(`.side-link[data-go="${event.code.replace("Key", "").toLowerCase()}"]`);
    if (link) location.href = link.href;
    return;
  }
  if (event.key === "?") return document.getElementById("keys").showModal();
  if (event.key === "/" || event.code === "Slash") {
    const search = document.querySelector("[data-list-search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
    return;
  }
  if (event.key === "Enter" && document.activeElement === body) return void atRow()?.querySelector("a.row-link")?.click();
  if (event.key === "Escape" && closeMenu()) return;
  KEYS[event.code]?.(event);
});

// Esc shuts the menu one is in, and gives the focus back to what opened it.
function closeMenu() {
  // What the filters of a phone are folded under lies around their own menus: it is shut last.
  const menu = document.querySelector("details.pick[open], details.help[open]") ?? document.querySelector("details.filters-fold[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  return Boolean(menu);
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !isTyping(event.target) || openDialog()) return;
  if (!closeMenu() && event.target.matches("[data-list-search]")) event.target.blur();
});

// --- live ----------------------------------------------------------------------------------------------------------
// A nudge says "ask again". Elements with data-live="<topics>" get the event `live`, and htmx fetches them anew.

const liveState = document.querySelector("[data-live-state]");
const waiting = new Map();

function wake(element) {
  if (waiting.has(element)) return;
  // Many orders in one moment are one question, not many.
  waiting.set(element, setTimeout(() => {
    waiting.delete(element);
    if (element.isConnected) htmx.trigger(element, "live");
  }, 250));
}

const followers = (topic) => document.querySelectorAll(topic ? `[data-live~="${topic}"]` : "[data-live]");

function nudged({ topic, keys }) {
  for (const element of followers(topic)) {
    const row = element.dataset.liveKey;
    if (!row || keys.includes(row)) wake(element);
  }
}

function connect(wait) {
  const topics = [...new Set([...followers()].flatMap((element) => element.dataset.live.split(" ")))];
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live`);
  let wasUp = false;
  socket.onopen = () => {
    wasUp = true;
    liveState.dataset.liveState = "up";
    socket.send(JSON.stringify({ topics }));
    // What came while nobody listened is asked for; the first page is fresh already.
    if (wait) followers().forEach((element) => element.dataset.liveKey || wake(element));
  };
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.topic) nudged(message);
  };
  socket.onclose = (event) => {
    if (event.code === 4401) return location.reload();
    liveState.dataset.liveState = "down";
    const next = wasUp ? 500 : Math.min(10000, (wait || 500) * 2);
    setTimeout(() => connect(next), next * (0.75 + Math.random() / 2));
  };
}
if (liveState) connect(0);

// Silence makes no event: what must notice it asks every few seconds while somebody looks.
setInterval(() => {
  if (!document.hidden) document.querySelectorAll("[data-live-tick]").forEach(wake);
}, 3000);
document.addEventListener("visibilitychange", () => document.hidden || followers().forEach((element) => element.dataset.liveKey || wake(element)));

// --- htmx ----------------------------------------------------------------------------------------------------------

document.addEventListener("htmx:beforeRequest", (event) => {
  // A row that is being edited is not swapped under the fingers.
  if (event.detail.requestConfig.triggeringEvent?.type === "live" && event.target.contains(document.activeElement) && isTyping(document.activeElement)) event.preventDefault();
});
for (const drawn of ["htmx:afterSwap", "htmx:afterSettle"]) document.addEventListener(drawn, markRow);
document.addEventListener("htmx:load", (event) => tellTime(event.target));
document.addEventListener("htmx:sendError", () => say(words.offline));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.requestConfig.triggeringEvent?.type === "live") {
    // A row that is not there any more keeps its place, but says so.
    if (event.detail.xhr.status === 404 && event.target.matches("tr")) event.target.classList.add("gone");
    return;
  }
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  say(page.querySelector(".note-toast span")?.textContent || words.failed);
});
document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.(".inline .form-control");
  if (!field || event.key !== "Escape") return;
  field.value = field.defaultValue;
  field.blur();
});
