// Which edition a visitor gets. Pages are the same for everybody, so the page asks once whether another language or
// region suits him better. What he chose himself, here or by dismissing the offer, is kept in this browser and wins.
import { base } from "./base.js";

const KEPT = "rialto.edition";
const own = document.documentElement.dataset.edition;

const kept = () => { try { return localStorage.getItem(KEPT); } catch { return ""; } };
const keep = (edition) => { try { localStorage.setItem(KEPT, edition); } catch { /* a private window forgets */ } };

// He came from another edition of this shop, at a host of its own, or chooses one here: that is a choice.
const origins = (document.documentElement.dataset.origins || "").split(" ").filter(Boolean);
const cameFrom = () => { try { return new URL(document.referrer).origin; } catch { return ""; } };

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-edition]");
  if (link) keep(link.dataset.edition);
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

const bar = (offer) => {
  const made = document.createElement("aside");
  made.className = "place-offer";
  made.lang = offer.language;
  made.dir = offer.is_rtl ? "rtl" : "ltr";
  const text = document.createElement("p");
  text.textContent = offer.text;
  const yes = document.createElement("a");
  yes.className = "btn btn-primary btn-small";
  yes.href = offer.url;
  yes.textContent = offer.yes;
  yes.dataset.edition = offer.edition;
  if (offer.hop) yes.dataset.hop = offer.hop;
  const no = document.createElement("button");
  no.type = "button";
  no.className = "btn btn-small";
  no.textContent = offer.no;
  no.addEventListener("click", () => { keep(own); made.remove(); });
  made.append(text, yes, no);
  document.body.append(made);
};

export async function ask() {
  if (!own || kept()) return;
  if (origins.includes(cameFrom())) { keep(own); return; }
  let offer;
  try {
    const answer = await fetch(`${base}/_r/where?${new URLSearchParams({ path: location.pathname })}`);
    if (!answer.ok) return;
    offer = await answer.json();
  } catch {
    return;
  }
  if (!offer.url) return;
  if (!offer.moves) { bar(offer); return; }
  keep(offer.edition);
  location.replace(offer.url + location.search + location.hash);
}
