// What every page does: clocks and ages by the desk's time, the menu, dialogs that close, one offline page.
// Not here: answers to alerts (acts.js), keys (keys.js), what is new (live.js).
"use strict";

const desk = (() => {
  document.documentElement.classList.remove("no-script");
  const MINUTE = 60_000;
  let told = Date.parse(document.body.dataset.now);
  let toldAt = performance.now();

  // The desk's clock, not this device's: a wrong phone must not make an alert look new.
  const now = () => told + (performance.now() - toldAt);
  const setNow = (text) => { told = Date.parse(text); toldAt = performance.now(); };

  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: document.body.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });

  // The same words as streaming/desk/pages/times.py; tests/streaming/desk/e2e holds the two equal.
  function age(milliseconds) {
    const minutes = Math.floor(Math.max(0, milliseconds) / MINUTE);
    if (minutes < 1) return "under 1 min";
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    const days = Math.floor(hours / 24);
    return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
  }

  function countdown(milliseconds) {
    const seconds = Math.ceil(milliseconds / 1000);
    if (seconds <= 0) return "a moment";
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    return hours ? `${hours}:${rest}` : rest.replace(/^0(?=\d:)/, "");
  }

  function say(element, words) { if (element.textContent !== words) element.textContent = words; }

  function tick() {
    const at = now();
    for (const one of document.querySelectorAll("time[data-age]")) say(one, age(at - Date.parse(one.dateTime)));
    for (const one of document.querySelectorAll("time[data-due]")) say(one, countdown(Date.parse(one.dateTime) - at));
    if (document.body.classList.contains("stale")) return;
    for (const one of document.querySelectorAll("[data-clock]")) say(one, clock.format(at));
  }
  tick();
  setInterval(tick, 1000);

  // Read aloud, without a name.
  function tell(words) { document.getElementById("told").textContent = words; }

  document.addEventListener("click", (event) => {
    const menu = event.target.closest(".menu");
    if (menu) menu.setAttribute("aria-expanded", document.getElementById("pages").classList.toggle("open"));
    const close = event.target.closest("dialog .close");
    if (close) { event.preventDefault(); close.closest("dialog").close(); }
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("select.go-at-once")) event.target.form.requestSubmit();
  });
  if (document.body.dataset.user && "serviceWorker" in navigator) {
    navigator.serviceWorker.register("/sw.js").catch(() => { /* without TLS there is no offline page */ });
  }
  return { now, setNow, clock, age, countdown, tick, tell, movedAt: -Infinity };
})();
