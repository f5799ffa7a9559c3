// What is new, as the desk says it, and a plain word where it says nothing any more.
// The browser's EventSource sends the number of the last change when it comes back (Last-Event-ID).
"use strict";

(() => {
  const board = document.getElementById("board");
  // Two pulses are lost before a board is called stale; 10 s is the promise.
  const STALE_AFTER = 7_000;
  const AGAIN_AFTER = 2_000;
  let last = board.dataset.change;
  let heard = performance.now();
  let source;

  const rows = () => document.getElementById("rows");
  const list = () => [...rows().querySelectorAll(":scope > [data-rank]")];

  function fresh() {
    heard = performance.now();
    document.body.dataset.live = "true";
    if (!document.body.classList.contains("stale")) return;
    document.body.classList.remove("stale");
    desk.tell("Live again.");
  }

  function stale(why) {
    if (document.body.classList.contains("stale")) return;
    document.body.classList.add("stale");
    document.body.dataset.live = "false";
    document.getElementById("lost-since").textContent = desk.clock.format(desk.now() - (performance.now() - heard));
    document.getElementById("lost-why").hidden = false;
    desk.tell(why);
  }

  // Live again means that what was missed is here: a first event after a gap, not the open socket.
  function pulse(event) {
    const told = JSON.parse(event.data);
    desk.setNow(told.now);
    fresh();
    const behind = document.getElementById("behind");
    behind.hidden = !told.behind;
    if (told.behind) document.getElementById("behind-since").textContent = desk.clock.format(Date.parse(told.as_of));
  }

  function put(row) {
    const old = document.getElementById(row.id);
    if (old && old.classList.contains("pending")) return;
    if (row.dataset.owner && row.dataset.owner === document.body.dataset.user) row.dataset.mine = "";
    const at = list().find((one) => one !== old && one.dataset.rank > row.dataset.rank);
    if (!old && !at && "more" in rows().dataset) return;
    const stays = old && old.dataset.rank === row.dataset.rank;
    const focused = old && old.contains(document.activeElement);
    if (old) Idiomorph.morph(old, row, { morphStyle: "outerHTML" });
    const now = old ? document.getElementById(row.id) : row;
    if (!stays) { rows().insertBefore(now, at || null); desk.movedAt = performance.now(); }
    if (focused) now.focus({ preventScroll: true });
    htmx.process(now);
    if (!old) { now.classList.add("arrived"); desk.tell(`New alert. ${now.getAttribute("aria-label") || ""}`); }
  }

  function gone(name) {
    const old = document.getElementById(name);
    if (!old) return;
    const next = old.contains(document.activeElement) && (old.nextElementSibling || old.previousElementSibling);
    old.remove();
    desk.movedAt = performance.now();
    if (next) next.focus({ preventScroll: true });
  }

  function shorten() {
    const all = list();
    for (const one of all.slice(Number(rows().dataset.limit))) { one.remove(); rows().dataset.more = ""; }
    document.getElementById("calm").hidden = all.length > 0;
    // Rows have gone and others wait below the last: ask for them.
    if ("more" in rows().dataset && all.length < Number(rows().dataset.limit) / 2) whole();
  }

  function changed(event) {
    last = event.lastEventId || last;
    fresh();
    if (board.dataset.reload) { whole(); return; }
    const box = document.createElement("template");
    box.innerHTML = event.data;
    for (const one of [...box.content.children]) {
      if (one.dataset.gone) gone(one.dataset.gone);
      else if (one.id === "tally") tally(one);
      else put(one);
    }
    shorten();
    desk.tick();
  }

  function tally(fresh_one) {
    Idiomorph.morph(document.getElementById("tally"), fresh_one, { morphStyle: "outerHTML" });
    const urgent = fresh_one.dataset.urgent || "0";
    document.title = document.title.replace(/^(\(\d+\) )?/, urgent === "0" ? "" : `(${urgent}) `);
  }

  // In a storm every change asks for the whole board: once in a few seconds is enough, and not all boards at once.
  const WHOLE_EVERY = 4_000;
  let wholeAt = -Infinity;
  let waits;

  function whole() {
    if (board.dataset.reload) { fetchWhole(); return; }
    if (waits) return;
    const rest = WHOLE_EVERY - (performance.now() - wholeAt);
    waits = setTimeout(() => { waits = undefined; wholeAt = performance.now(); fetchWhole(); }, Math.max(0, rest) + Math.random() * 1_000);
  }

  async function fetchWhole() {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    Idiomorph.morph(board, await answer.text(), { morphStyle: "innerHTML" });
    htmx.process(board);
    desk.tick();
  }

  function connect() {
    const address = new URL(board.dataset.events, location.href);
    address.searchParams.set("since", last);
    source = new EventSource(address);
    source.addEventListener("pulse", pulse);
    source.addEventListener("rows", changed);
    source.addEventListener("whole", (event) => { last = event.lastEventId || last; fresh(); whole(); });
    source.addEventListener("bye", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_AFTER);
    });
  }

  window.addEventListener("offline", () => stale("This device is offline."));
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("desk:answered", () => { if (board.dataset.reload) whole(); });
  setInterval(() => { if (performance.now() - heard > STALE_AFTER) stale("The board is not live."); }, 1_000);
  connect();
})();
