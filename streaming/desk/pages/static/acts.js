// Answers to alerts: shown at once, taken back where the desk did not store them.
// Not here: which answers there are and who may give them; the desk decides and refuses.
"use strict";

(() => {
  const dialog = document.getElementById("ask");
  const before = new WeakMap();
  // A list that has moved under a finger must not have the wrong alert answered.
  const SETTLES_AFTER = 600;

  const of = (form) => {
    const inside = form.closest("[data-alert]");
    if (inside && inside !== dialog) return inside;
    return document.querySelector(`[data-alert="${CSS.escape(dialog.dataset.alert || "")}"]:not(dialog)`);
  };

  function key(form) {
    // The same press tried again has the same key, so that it is stored once.
    if (!form.dataset.key) {
      form.dataset.key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
    }
    return form.dataset.key;
  }

  function show(form, row) {
    before.set(form, row.cloneNode(true));
    row.classList.add("pending");
    const has = row.querySelector(".has");
    if (has && form.dataset.act === "acknowledge") has.textContent = "You have it · saving";
    for (const button of row.querySelectorAll(".acts button")) button.disabled = true;
  }

  function replace(row, fresh) {
    const had = row.contains(document.activeElement);
    Idiomorph.morph(row, fresh, { morphStyle: "outerHTML" });
    const now = document.getElementById(fresh.id) || row;
    htmx.process(now);
    if (fresh.dataset.owner === document.body.dataset.user) now.dataset.mine = "";
    if (had) now.focus({ preventScroll: true });
    desk.tick();
    return now;
  }

  function refuse(row, words) {
    const place = row.querySelector(".said");
    if (!place) return;
    place.hidden = false;
    place.textContent = words;
    desk.tell(words);
  }

  function rollBack(form, row, words) {
    const old = before.get(form);
    refuse(old ? replace(row, old) : row, words);
  }

  const parsed = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    return box.content.firstElementChild;
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-act]") || dialog.open) return;
    if (performance.now() - desk.movedAt > SETTLES_AFTER) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    desk.tell("The list has just moved. Press again.");
  }, true);

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.matches("form[data-act]")) event.detail.headers["Idempotency-Key"] = key(event.target);
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.target.matches("form[data-act]") && of(event.target);
    if (row) show(event.target, row);
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target;
    if (!form.matches("form[data-act]")) return;
    const row = of(form);
    const answer = event.detail.xhr;
    if (answer.status === 401) { location.reload(); return; }
    if (answer.status === 200 || answer.status === 409) delete form.dataset.key;
    if (!row) return;
    if (answer.status === 422 && dialog.open) {
      rollBack(form, row, "");
      open(answer.responseText, dialog.dataset.alert);
      return;
    }
    if (answer.status === 200 || answer.status === 409) {
      if (dialog.open) dialog.close();
      const fresh = parsed(answer.responseText);
      const now = fresh && fresh.matches("[data-alert]") ? replace(row, fresh) : row;
      const said = now.querySelector(".said");
      if (said && said.textContent.trim()) desk.tell(said.textContent.trim());
      document.dispatchEvent(new CustomEvent("desk:answered", { detail: now }));
      return;
    }
    if (dialog.open) dialog.close();
    rollBack(form, row, answer.status === 403 ? "Not saved: you may not do this." : "Not saved: the desk did not answer. Press again.");
  });

  function open(html, alert) {
    dialog.innerHTML = html;
    dialog.dataset.alert = alert;
    htmx.process(dialog);
    if (!dialog.open) dialog.showModal();
  }

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-ask]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const row = link.closest("[data-alert]");
    try {
      const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(String(answer.status));
      open(await answer.text(), row.dataset.alert);
    } catch {
      refuse(row, "The desk did not answer. Press again.");
    }
  });
})();
