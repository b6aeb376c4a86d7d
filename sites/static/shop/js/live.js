// One stream a visible document. It is closed when the page is put away (so that it may go into the back/forward cache)
// and after half a minute in the background (HTTP/1.1 gives a browser six connections a host), and opened again with
// the version the page has: what happened meanwhile comes at once.
import * as cart from "./cart.js";
import * as store from "./store.js";

const HIDDEN_MS = 30_000;
let source = null;
let hiddenTimer = 0;

export function open() {
  if (source || document.visibilityState === "hidden") return;
  const version = cart.current()?.version || "";
  source = new EventSource(`/_r/live?v=${encodeURIComponent(version)}`);
  source.addEventListener("cart", (event) => {
    const view = JSON.parse(event.data);
    cart.take(view);
    // No handle yet: there is nothing to watch until the first op.
    if (!view.version) close();
  });
  source.addEventListener("acks", (event) => store.forget(JSON.parse(event.data).dots));
  source.addEventListener("flash", (event) => cart.say(JSON.parse(event.data).text));
}

export function close() {
  source?.close();
  source = null;
}

// The first op makes the handle: from then on there is something to watch.
cart.onView((view) => { if (view.version && !source) open(); });

addEventListener("pagehide", close);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  open();
  cart.send();
});
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.visibilityState === "hidden") {
    hiddenTimer = setTimeout(close, HIDDEN_MS);
  } else {
    open();
    cart.send();
  }
});
