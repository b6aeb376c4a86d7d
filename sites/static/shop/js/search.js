// The field of search as a combobox: suggestions while one types. Without this the form leads to the page of results.
import { base } from "./base.js";

const WAIT = 140;
const LEAST = 2;
const KEEP = 40;
const answers = new Map();

const make = (tag, name, text) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
};

function combobox(form, number) {
  const field = form.querySelector("input[type=search]");
  const say = (name, values = {}) => form.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const panel = make("div", "search-panel");
  const list = make("div", "search-list");
  const status = make("p", "visually-hidden");
  list.id = `search-list-${number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.labels[0].textContent);
  status.setAttribute("role", "status");
  panel.hidden = true;
  panel.append(list);
  field.parentElement.append(panel, status);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  })) field.setAttribute(name, value);

  let options = [], active = -1, timer = 0, under = null, shown = "";

  const open = (is) => {
    panel.hidden = !is;
    field.setAttribute("aria-expanded", String(is));
    if (!is) point(-1);
  };
  const point = (at) => {
    options[active]?.removeAttribute("aria-selected");
    active = at;
    const one = options[at];
    if (one) {
      one.setAttribute("aria-selected", "true");
      one.scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", one.id);
    } else field.removeAttribute("aria-activedescendant");
  };
  const option = (url, name) => {
    const one = make("a", `search-option ${name}`);
    one.href = url;
    one.tabIndex = -1;
    one.id = `search-option-${number}-${options.length}`;
    one.setAttribute("role", "option");
    options.push(one);
    return one;
  };
  const good = (item) => {
    const one = option(item.url, "search-good");
    const picture = make(item.picture ? "img" : "span", "search-picture");
    if (item.picture) Object.assign(picture, { src: item.picture, alt: "", width: 56, height: 56, loading: "lazy" });
    const body = make("span", "search-body");
    body.append(make("span", "search-title", item.title));
    if (item.brand) body.append(make("span", "search-note", item.brand));
    if (!item.is_on_sale) body.append(make("span", "search-note", say("off")));
    const price = make("span", "price", item.has_range ? `${say("from")} ${item.price}` : item.price);
    if (item.old_price) price.append(" ", make("s", "price-old", item.old_price));
    one.append(picture, body, price);
    return one;
  };
  const plain = (item) => {
    const one = option(item.url, "search-plain");
    one.append(make("span", "search-title", item.title));
    return one;
  };
  const group = ({ kind, total, url, items }) => {
    const box = make("div", "search-set");
    const head = make("p", "search-head");
    head.id = `${list.id}-${kind}`;
    head.append(make("span", "", say(kind)));
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", head.id);
    box.append(head, ...items.map(kind === "product" ? good : plain));
    if (total > items.length) {
      const all = option(url, "search-all");
      all.textContent = say("all", { n: total });
      box.append(all);
    }
    return box;
  };
  const words = (typed, found) => {
    const box = make("div", "search-words");
    const start = typed.replace(/\S+$/, "");
    for (const word of found) {
      const one = option(`/search?q=${encodeURIComponent(start + word)}`, "search-word");
      one.textContent = start + word;
      box.append(one);
    }
    return box;
  };
  const show = (typed, answer) => {
    options = [];
    active = -1;
    shown = typed;
    const parts = [];
    if (answer.corrected) parts.push(make("p", "search-head", say("instead", { words: answer.corrected })));
    if (answer.words.length && answer.total) parts.push(words(typed, answer.words));
    parts.push(...answer.groups.map(group));
    if (!answer.groups.length) parts.push(make("p", "search-head", say("nothing")));
    list.replaceChildren(...parts);
    status.textContent = answer.groups.length ? say("said", { n: answer.total }) : say("nothing");
    open(document.activeElement === field);
  };
  const ask = async () => {
    const typed = field.value.trim().replace(/\s+/g, " ");
    under?.abort();
    if (typed.length < LEAST) return open(false);
    const kind = form.elements.kind?.value ?? "";
    const address = `${base}/_r/search?${new URLSearchParams(kind ? { q: typed, kind } : { q: typed })}`;
    if (answers.has(address)) return show(typed, answers.get(address));
    const mine = (under = new AbortController());
    try {
      const answer = await fetch(address, { signal: mine.signal });
      if (!answer.ok) return;
      const found = await answer.json();
      if (answers.size >= KEEP) answers.delete(answers.keys().next().value);
      answers.set(address, found);
      if (under === mine) show(typed, found);
    } catch {
      // Another letter was typed, or there is no connection: the form itself still works.
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  field.addEventListener("focus", () => {
    if (options.length && field.value.trim() === shown) open(true);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const last = options.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (panel.hidden) return void ask();
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      point(active + step > last ? -1 : active + step < -1 ? last : active + step);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      options[active].click();
    } else if (event.key === "Escape" && !panel.hidden) {
      event.preventDefault();
      open(false);
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) open(false);
  });
  // A press must not take the focus from the field before the click has followed the link.
  panel.addEventListener("mousedown", (event) => event.preventDefault());
}

document.querySelectorAll("form[data-search]").forEach(combobox);

for (const link of document.querySelectorAll("[data-search-open]")) {
  link.addEventListener("click", (event) => {
    const form = document.getElementById(link.dataset.searchOpen);
    const there = document.querySelector(".search-page input[type=search]");
    event.preventDefault();
    if (there) return there.focus();
    form.classList.toggle("is-open");
    link.setAttribute("aria-expanded", String(form.classList.contains("is-open")));
    if (form.classList.contains("is-open")) form.querySelector("input").focus();
  });
}
