// The cart in a page: ops go to this shop, views come back, lines are drawn from the server's own <template>.
import { base } from "./base.js";
import * as store from "./store.js";

const listeners = new Set();
export const MET = "rialto.met"; // in localStorage: when a tab last made sure that this browser has a handle
let view = null;
let has = [0]; // of this document's ops, what the last view of the stream has in it: 1..has[0], and the rest by name
let sending = null;
let retryIn = 0;
let hasSession = false;

export const current = () => view;
export const onView = (listener) => listeners.add(listener);

const keyText = (key) => key.join("\u001f");
const byKey = (key) => view?.lines.find((line) => keyText(line.key) === keyText(key));

// --- ops -------------------------------------------------------------------------------------------------------------

export function add(key, units, priceRef) {
  submit({ dot: store.nextDot(), kind: "add", key, units, price_ref: priceRef });
}

// Quantities are set against what the shopper saw: two devices that press + make two, one click sent twice makes one.
export function setUnits(key, wanted) {
  const line = byKey(key);
  const now = shownUnits(key);
  if (wanted > now && line?.left !== null && wanted > line?.left) {
    say(line.note_texts.join(". "), true);
    if (line.left > now) add(key, line.left - now, line.price_ref);
  } else if (wanted > now) {
    add(key, wanted - now, line?.price_ref || 0);
  } else if (wanted <= 0) {
    remove(key);
  } else if (wanted < now && line) {
    const takings = oldestFirst(line, now - wanted);
    if (takings.length) submit({ dot: store.nextDot(), kind: "dec", key, takings });
  }
}

export function remove(key) {
  const line = byKey(key);
  if (line) submit({ dot: store.nextDot(), kind: "remove", key, seen: line.tokens.map(([dot]) => dot) });
}

function oldestFirst(line, units) {
  const takings = [];
  for (const [dot, token, left] of line.tokens) {
    if (units <= 0) break;
    takings.push([dot, token, Math.min(units, left)]);
    units -= left;
  }
  return takings;
}

function submit(op) {
  store.keep(op);
  draw();
  send();
}

// --- sending ---------------------------------------------------------------------------------------------------------

// All tabs of a shop share the lock, so that a browser gets one handle, whatever the number of tabs.
async function ensureSession() {
  if (hasSession) return;
  const ask = () => fetch(`${base}/_r/session`, { method: "POST" });
  const answer = await (navigator.locks ? navigator.locks.request("rialto-session", ask) : ask());
  hasSession = answer.ok;
  // Tabs opened before the browser had a handle had nothing to watch. (A BroadcastChannel would keep them out of the
  // back/forward cache in some browsers.)
  if (hasSession) tellTabs();
}

function tellTabs() {
  try {
    localStorage.setItem(MET, String(Date.now()));
  } catch {
    /* forbidden: they learn when they are looked at */
  }
}

export function send() {
  sending ??= sendAll().finally(() => { sending = null; });
  return sending;
}

async function sendAll() {
  while (store.fresh().length) {
    const ops = store.fresh().slice(0, 20).map((entry) => entry.op);
    let answer;
    try {
      await ensureSession();
      answer = await post(ops);
    } catch {
      announce("offline");
      later();
      return;
    }
    if (answer.status === 401) {
      hasSession = false;
      later();
      return;
    }
    if (answer.status >= 500) {
      announce("offline");
      later();
      return;
    }
    if (!answer.ok) {
      await refuse(ops, answer);
      continue;
    }
    retryIn = 0;
    const body = await answer.json();
    store.acknowledge(body.acks);
    takeAnswer(body.view);
  }
}

const post = (ops) => fetch(`${base}/_r/cart`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ ops }),
});

function later() {
  retryIn = Math.min(Math.max(retryIn * 2, 500), 15000);
  setTimeout(send, retryIn);
}

// A call is all or nothing. When one of several ops is refused, each is sent alone, so that only the bad one is dropped.
async function refuse(ops, answer) {
  if (ops.length > 1) {
    for (const op of ops) {
      const alone = await post([op]);
      if (alone.ok) {
        const body = await alone.json();
        store.acknowledge(body.acks);
        takeAnswer(body.view);
      } else if (alone.status < 500) {
        await drop(op, alone);
      } else {
        return;
      }
    }
    return;
  }
  await drop(ops[0], answer);
}

async function drop(op, answer) {
  store.forget([store.dotText(op.dot)]);
  const body = await answer.json().catch(() => ({}));
  say(body.message || text("failed"), true);
  draw();
}

// Ops the shop has but central had not when the last page was left: offered again, and then known or forgotten. A shop
// that lost its disk does not know this browser any more either, so the handle comes first.
export async function presentAgain() {
  const known = store.kept().filter((entry) => entry.state === "edge").map((entry) => entry.op);
  try {
    if (known.length) await ensureSession();
    for (let start = 0; start < known.length; start += 20) await present(known.slice(start, start + 20));
  } catch {
    /* the next page offers them again */
  }
}

// A call is all or nothing: one op that the shop refuses must not cost the tab its copy of the others.
async function present(ops) {
  const answer = await post(ops);
  if (answer.ok) {
    const body = await answer.json();
    store.acknowledge(body.acks);
    takeAnswer(body.view);
  } else if (answer.status < 500 && answer.status !== 401) {
    if (ops.length > 1) for (const op of ops) await present([op]);
    else store.forget([store.dotText(ops[0].dot)]);
  }
}

// --- what is shown ---------------------------------------------------------------------------------------------------

export function take(next) {
  sayWhatIsLeft(next);
  view = next;
  has = next.has || has;
  draw();
  for (const listener of listeners) listener(view);
}

// What became of a line behind the shopper's back is at the line, and said once.
function sayWhatIsLeft(next) {
  for (const line of next.lines) {
    const before = byKey(line.key);
    const isNews = (note) => before && line.notes.includes(note) && !before.notes.includes(note);
    const isFewer = before && line.qty < before.qty && line.notes.includes("corrected");
    if (isFewer || isNews("sold_out")) say(`${line.title}: ${line.note_texts.join(". ")}`, true);
  }
}

// An op's answer and the stream are two connections and overtake each other: an answer must not paint over what the
// stream has told since. A version is "cart.count"; of another cart it says nothing.
export function takeAnswer(next) {
  const [cart, count] = next.version.split(".");
  const [shownCart, shownCount] = (view?.version || "").split(".");
  if (cart !== shownCart || Number(count) >= Number(shownCount)) take(next);
  else draw();
}

// The stream may tell of an op before the op's own answer comes: it must not count twice.
const isShown = ([client, seq]) => client === store.client && (seq <= has[0] || has.includes(seq));

function pending(key) {
  let units = 0;
  let removed = false;
  for (const { op } of store.fresh()) {
    if (keyText(op.key) !== keyText(key) || isShown(op.dot)) continue;
    if (op.kind === "add") units += op.units;
    else if (op.kind === "dec") units -= op.takings.reduce((sum, [, , taken]) => sum + taken, 0);
    else removed = true;
  }
  return { units, removed };
}

function shownUnits(key) {
  const { units, removed } = pending(key);
  return Math.max(0, (removed ? 0 : byKey(key)?.qty || 0) + units);
}

function draw() {
  if (!view) return;
  for (const list of document.querySelectorAll("[data-cart-lines]")) drawLines(list);
  const count = view.lines.reduce((sum, line) => sum + shownUnits(line.key), 0);
  for (const place of document.querySelectorAll("[data-cart-count]")) {
    place.textContent = count;
    place.hidden = count === 0;
  }
  for (const place of document.querySelectorAll("[data-cart-totals]")) {
    place.replaceChildren(...view.totals.map((total) => {
      const item = document.createElement("li");
      item.className = "price";
      item.textContent = total.text;
      return item;
    }));
  }
  const isEmpty = view.lines.length === 0;
  for (const place of document.querySelectorAll("[data-cart-full]")) place.hidden = isEmpty;
  for (const place of document.querySelectorAll("[data-cart-empty]")) place.hidden = !isEmpty;
  for (const place of document.querySelectorAll("[data-link-cut]")) place.hidden = view.link !== "cut";
}

function drawLines(list) {
  const rows = new Map([...list.querySelectorAll("[data-line]")].map((row) => [row.dataset.line, row]));
  const template = document.querySelector("template[data-line-template]");
  let previous = null;
  for (const line of view.lines) {
    const name = line.id;
    const row = rows.get(name) || template.content.firstElementChild.cloneNode(true);
    rows.delete(name);
    fill(row, line);
    // Only what moves is moved: a field keeps its focus.
    const place = previous ? previous.nextElementSibling : list.firstElementChild;
    if (place !== row) list.insertBefore(row, place);
    previous = row;
  }
  for (const row of rows.values()) row.remove();
}

function fill(row, line) {
  const slot = (name) => row.querySelector(`[data-f="${name}"]`);
  const units = shownUnits(line.key);
  row.dataset.line = line.id;
  row.classList.toggle("is-waiting", pending(line.key).units !== 0 || pending(line.key).removed);
  row.classList.toggle("is-not-sold", !line.is_sold);
  const picture = slot("picture");
  picture.hidden = !line.picture;
  if (line.picture && picture.getAttribute("src") !== line.picture) picture.src = line.picture;
  slot("dot").setAttribute("fill", line.site.colour);
  slot("label").textContent = line.site.label;
  const title = slot("title");
  title.textContent = line.title;
  title.href = line.url;
  if (line.hop) title.dataset.hop = line.hop;
  else delete title.dataset.hop;
  slot("options").textContent = line.options_title;
  slot("price").textContent = line.price_text;
  slot("sum").textContent = line.sum_text;
  slot("notes").textContent = line.note_texts.join(". ");
  for (const field of row.querySelectorAll("input[name=site]")) field.value = line.key[0];
  for (const field of row.querySelectorAll("input[name=sku]")) field.value = line.key[1];
  for (const field of row.querySelectorAll("input[name=options]")) field.value = line.key[2];
  const entry = row.querySelector("input[name=units]");
  if (entry && entry !== document.activeElement) entry.value = units;
  const brief = slot("units");
  if (brief) brief.textContent = units;
}

// --- words -----------------------------------------------------------------------------------------------------------

// The page carries every sentence in its own language.
const text = (name) => document.querySelector("[data-cart-texts]")?.dataset[name] || "";

let toastTimer = 0;
export function say(words, isBad = false) {
  const toast = document.querySelector("[data-cart-toast]");
  if (!toast || !words) return;
  toast.textContent = words;
  toast.classList.toggle("is-bad", isBad);
  toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toast.hidden = true; }, isBad ? 8000 : 4000);
}

const announce = (name) => say(text(name), true);

// --- the page's forms ------------------------------------------------------------------------------------------------

const keyOf = (form) => [form.elements.site.value, form.elements.sku.value, form.elements.options.value];

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-cart-add]")) {
    event.preventDefault();
    const units = Math.trunc(Number(form.elements.units?.value || 1));
    if (!(units >= 1 && units <= 999)) return announce("units");
    add(keyOf(form), units, Number(form.elements.price_ref.value) || 0);
    say(text("added"));
  } else if (form.matches("form[data-cart-set]")) {
    event.preventDefault();
    commit(form);
  } else if (form.matches("form[data-cart-remove]")) {
    event.preventDefault();
    remove(keyOf(form));
  }
});

function commit(form) {
  const units = Math.trunc(Number(form.elements.units.value));
  if (!(units >= 0 && units <= 999)) return announce("units");
  setUnits(keyOf(form), units);
  form.elements.units.value = shownUnits(keyOf(form));
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-cart-set]");
  if (form && event.target.name === "units") commit(form);
});

document.addEventListener("click", (event) => {
  const step = event.target.closest?.("[data-step]");
  if (step) {
    const key = keyOf(step.form);
    setUnits(key, shownUnits(key) + Number(step.dataset.step));
    return;
  }
  const toggle = event.target.closest?.("[data-cart-toggle]");
  const panel = document.querySelector("[data-cart-panel]");
  if (!panel) return;
  if (toggle) open(panel, panel.hidden);
  else if (!panel.hidden && !event.target.closest("[data-cart-block]")) open(panel, false);
});

document.addEventListener("keydown", (event) => {
  const panel = document.querySelector("[data-cart-panel]");
  if (event.key === "Escape" && panel && !panel.hidden) {
    open(panel, false);
    document.querySelector("[data-cart-toggle]").focus();
  }
});

function open(panel, isOpen) {
  panel.hidden = !isOpen;
  document.querySelector("[data-cart-toggle]").setAttribute("aria-expanded", String(isOpen));
}
