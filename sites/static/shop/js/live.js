// One stream a visible document. It is closed when the page is put away (so that it may go into the back/forward cache)
// and after half a minute in the background (HTTP/1.1 gives a browser six connections a host). Opened again, it begins
// with the cart as it is: what happened meanwhile comes at once.
import { base } from "./base.js";
import * as cart from "./cart.js";
import * as store from "./store.js";

const HIDDEN_MS = 30_000;
const AGAIN_MS = 5_000;
let source = null;
let hiddenTimer = 0;
let againTimer = 0;
let isMet = false; // another tab has got the handle since our stream began
let isAskedAgain = false;

export function open() {
  if (source || document.visibilityState === "hidden") return;
  source = new EventSource(`${base}/_r/live?c=${store.client}`);
  // The first word of a connection is believed whatever it is; a later one may have been overtaken by an op's answer.
  let isFirst = true;
  source.addEventListener("open", () => { isFirst = true; });
  source.addEventListener("cart", (event) => {
    const view = JSON.parse(event.data);
    if (!view.version) return unknown(view);
    isAskedAgain = false;
    (isFirst ? cart.take : cart.takeAnswer)(view);
    // From here on the stream tells what central takes in; what it took in before has to be asked for.
    if (isFirst) cart.presentAgain();
    isFirst = false;
  });
  source.addEventListener("acks", (event) => store.forget(JSON.parse(event.data).dots));
  // A browser dials again by itself after a broken line, but gives up for good on an answer like a proxy's 502.
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    close();
    againTimer = setTimeout(open, AGAIN_MS);
  });
  source.addEventListener("flash", (event) => cart.say(JSON.parse(event.data).text));
}

// The browser had no handle when the stream began. It may have got one meanwhile, from this tab's first op or another's:
// then it is asked once more; else there is nothing to watch until the first op.
function unknown(emptyView) {
  close();
  const hasOneNow = isMet || cart.current()?.version;
  isMet = false;
  if (hasOneNow && !isAskedAgain) {
    isAskedAgain = true;
    open();
  } else {
    cart.take(emptyView);
  }
}

export function close() {
  clearTimeout(againTimer);
  source?.close();
  source = null;
}

// The first op makes the handle: from then on there is something to watch.
cart.onView((view) => { if (view.version && !source) open(); });

addEventListener("storage", (event) => {
  if (event.key !== cart.MET) return;
  isMet = Boolean(source);
  open();
});
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  open();
  cart.send();
});
addEventListener("online", () => {
  close();
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
