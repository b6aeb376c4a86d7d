// Keeps a placed order in this tab until central has it, and hands it to any shop the tab visits.
// What is kept is sealed and signed by the shop that took the order: this script cannot read or change it.
import { base } from "./base.js";

(() => {
  "use strict";
  const STORE = "rialto.orders";
  const AGAIN_MS = 15000;

  const kept = () => {
    try { return JSON.parse(sessionStorage.getItem(STORE)) || {}; } catch { return {}; }
  };
  const keep = (orders) => {
    try { sessionStorage.setItem(STORE, JSON.stringify(orders)); } catch { /* a full or forbidden store: the shop has it */ }
  };

  const page = document.querySelector("[data-order]");
  if (page && page.dataset.keep) {
    keep({ ...kept(), [page.dataset.order]: page.dataset.keep });
  } else if (page && page.dataset.acked === "1") {
    const orders = kept();
    delete orders[page.dataset.order];
    keep(orders);
  }

  // An envelope is JSON in base64; the list is put together without a look inside.
  const present = async () => {
    const envelopes = Object.values(kept());
    if (!envelopes.length || document.visibilityState === "hidden") return;
    try {
      const answer = await fetch(`${base}/_r/order/keep`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: `[${envelopes.map((one) => atob(one)).join(",")}]`,
      });
      if (!answer.ok) return;
      const { orders } = await answer.json();
      const still = kept();
      for (const [id, state] of Object.entries(orders)) if (state === "acked") delete still[id];
      keep(still);
    } catch { /* the shop does not answer: the next turn, or the next shop */ }
  };
  present();
  window.setInterval(present, AGAIN_MS);

  if (!page) return;

  const show = (state) => {
    page.dataset.state = state.state;
    page.querySelector("[data-order-state]").textContent = state.title;
    if (state.is_at_central) {
      page.dataset.acked = "1";
      page.querySelector("[data-until-central]")?.remove();
      const orders = kept();
      delete orders[page.dataset.order];
      keep(orders);
    }
    if (state.pay_url) {
      page.querySelector("[data-pay-link]").href = state.pay_url;
      page.querySelector("[data-until-pay]")?.remove();
    }
    if (!state.has_pending) for (const word of page.querySelectorAll("[data-pending]")) word.remove();
    page.querySelector("[data-pay]").hidden = !state.pay_url || state.is_final;
  };

  // The stream is closed when the page is put away, so that the browser may keep it for "back".
  let stream = null;
  const open = () => {
    if (stream || document.visibilityState === "hidden") return;
    stream = new EventSource(`${window.location.pathname}/live`);
    stream.addEventListener("order", (event) => show(JSON.parse(event.data)));
  };
  const close = () => { stream?.close(); stream = null; };
  open();
  window.addEventListener("pageshow", open);
  window.addEventListener("pagehide", close);
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? close() : open()));
})();
