// Forms of records: leaving with unsaved changes asks first, Ctrl+Enter saves. Without this file forms work all the same.
"use strict";

(() => {
  const dirtyForm = () => document.querySelector("form[data-dirty]");
  let isLeaving = false; // the person said so: do not ask again

  // Shown after a refusal: what is wrong is read first. A browser that knows `autofocus` has done it already.
  const focusSummary = (root) => root.querySelector?.(".form-summary")?.focus();
  focusSummary(document);
  document.addEventListener("htmx:afterSettle", (event) => focusSummary(event.target));

  const markDirty = (event) => {
    const form = event.target.form;
    if (form?.matches("[data-guard]")) form.dataset.dirty = "yes";
    // Who writes into his own side of a choice has chosen it.
    const side = event.type === "input" && event.target.closest?.(".pick-one");
    const radio = side && event.target.type !== "radio" && side.querySelector("input[type=radio]");
    if (radio) radio.checked = true;
  };
  document.addEventListener("input", markDirty);
  document.addEventListener("change", markDirty);
  document.addEventListener("submit", (event) => event.defaultPrevented || delete event.target.dataset.dirty);

  addEventListener("beforeunload", (event) => dirtyForm() && !isLeaving && event.preventDefault());
  // A page that comes back from the browser's memory may be left by mistake again.
  addEventListener("pageshow", () => (isLeaving = false));

  function askThen(then) {
    const dialog = document.getElementById("leave");
    if (!dialog) return then();
    dialog.returnValue = "no";
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      isLeaving = true;
      delete dirtyForm()?.dataset.dirty;
      then();
    };
    dialog.showModal();
  }

  // A link out of the page.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || !dirtyForm() || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.target === "_blank" || link.getAttribute("href").startsWith("#") || link.hasAttribute("download")) return;
    event.preventDefault();
    event.stopPropagation();
    askThen(() => (location.href = link.href));
  }, true);

  // htmx: what would take the form away asks; a live refresh never does.
  document.addEventListener("htmx:confirm", (event) => {
    const form = dirtyForm();
    const { target, elt, triggeringEvent, issueRequest } = event.detail;
    if (!form || form.contains(elt) || !(target === form || target.contains(form))) return;
    event.preventDefault();
    if (triggeringEvent?.type !== "live") askThen(() => issueRequest(true));
  });

  // Back and forward within one document: stay, ask, then go.
  let isReturning = false;
  addEventListener("popstate", (event) => {
    if (isReturning) { isReturning = false; return event.stopImmediatePropagation(); }
    if (!dirtyForm() || isLeaving || location.hash) return;
    event.stopImmediatePropagation();
    isReturning = true;
    history.forward();
    setTimeout(() => (isReturning = false), 300); // it was a step forward: there is none to undo
    askThen(() => history.back());
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form[data-record]") ?? document.querySelector("form[data-record]");
    if (!form || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-save]"));
  });
})();
