// Keys. They act on the alert that has the focus, and can be turned off on this device (WCAG 2.1.4).
"use strict";

(() => {
  const help = document.getElementById("keys");
  if (!help) return;
  const wanted = document.getElementById("keys-on");
  wanted.checked = localStorage.getItem("keys") !== "off";
  wanted.addEventListener("change", () => localStorage.setItem("keys", wanted.checked ? "on" : "off"));

  const rows = () => [...document.querySelectorAll("#rows > .row")];
  const here = () => document.activeElement.closest("[data-alert]") || document.getElementById("detail");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement.closest(".row"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  function press(act) {
    const row = here();
    const found = row && row.querySelector(`form[data-act="${act}"] button, a[data-ask="${act}"]`);
    if (found && found.checkVisibility()) found.click();
    else desk.tell(row ? "This alert does not take that answer now." : "Choose an alert first, with j and k.");
  }

  const ACTS = { a: "acknowledge", u: "unacknowledge", c: "confirm", d: "decline", h: "hand_over", s: "snooze", r: "resolve" };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input, select, textarea")) return;
    if (event.key === "?") { help.showModal(); return; }
    if (!wanted.checked) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "b") location.assign("/");
    else if (event.key === "Enter" && event.target.matches(".row")) event.target.querySelector(".title a").click();
    else if (ACTS[event.key]) press(ACTS[event.key]);
    else return;
    event.preventDefault();
  });
})();
