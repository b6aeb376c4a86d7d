// The total follows the way of delivery, and the address is asked for only when there is somewhere to bring it.
// Without this script the server does both.
(() => {
  "use strict";
  const form = document.querySelector(".checkout-form");
  if (!form) return;
  const total = form.querySelector("[data-total-shown]");
  const price = form.querySelector("[data-delivery-price]");
  const address = form.querySelector("[data-address]");

  const follow = () => {
    const chosen = form.querySelector('input[name="delivery"]:checked');
    if (!chosen) return;
    if (total) total.textContent = chosen.dataset.total;
    if (price) price.textContent = chosen.closest("label").querySelector(".price").textContent;
    if (address) address.hidden = !("needsAddress" in chosen.dataset);
  };
  form.addEventListener("change", follow);
  window.addEventListener("pageshow", follow);
  follow();

  // A double click sends one order anyway; this only spares the shopper the doubt.
  form.addEventListener("submit", () => {
    const button = form.querySelector('button[type="submit"]');
    window.setTimeout(() => { button.disabled = true; }, 0);
    window.setTimeout(() => { button.disabled = false; }, 8000);
  });
  window.addEventListener("pageshow", () => { form.querySelector('button[type="submit"]').disabled = false; });
})();
