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

  // --- chosen files ------------------------------------------------------------------------------------------------
  // A browser forgets a chosen file with the page. So a form that has one is sent by fetch, and when it comes back
  // with something to correct, the page is put around the old file fields.
  const filled = (root) => [...root.querySelectorAll("input[type=file]")].filter((input) => input.files.length);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("#main form[enctype='multipart/form-data']") || !filled(form).length) return;
    event.preventDefault();
    if (!form.dataset.sending) sendWithFiles(form, event.submitter);
  });

  async function sendWithFiles(form, submitter) {
    form.dataset.sending = "yes";
    if (submitter) submitter.disabled = true;
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form, submitter), headers: { "x-fetched-form": "1" } }).catch(() => null);
    delete form.dataset.sending;
    if (submitter) submitter.disabled = false;
    const leads = answer?.headers.get("x-location");
    if (leads) return location.assign(leads);
    if (form.matches("[data-guard]")) form.dataset.dirty = "yes";
    const text = answer ? await answer.text() : "";
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.querySelector("#main");
    if (fresh?.querySelector("form[enctype='multipart/form-data']")) return putAround(fresh, form);
    const isPlain = answer?.headers.get("content-type")?.startsWith("text/plain");
    say((isPlain ? text : page.querySelector(".bare-card p")?.textContent) || (answer ? words.failed : words.offline));
  }

  function putAround(fresh, form) {
    for (const old of filled(form)) {
      const blank = fresh.querySelector(`input[type=file][name="${CSS.escape(old.name)}"]`);
      if (!blank) continue;
      for (const { name, value } of [...blank.attributes]) old.setAttribute(name, value);
      if (!blank.hasAttribute("aria-invalid")) old.removeAttribute("aria-invalid");
      blank.replaceWith(old);
    }
    const main = document.getElementById("main");
    main.replaceChildren(...fresh.childNodes);
    htmx.process(main);
    tellTime(main);
    (main.querySelector(".form-summary") ?? main.querySelector("[aria-invalid]"))?.focus();
    scrollTo({ top: 0 });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form[data-record]") ?? document.querySelector("form[data-record]");
    if (!form || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-save]"));
  });
})();
