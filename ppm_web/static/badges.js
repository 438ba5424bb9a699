// One question for all badges of a page that are under way, in the pace of the quickest; none when nothing is,
// and none while nobody looks. A badge that comes under way, by a press or with another page, starts it again.
"use strict";

(() => {
  const AT_ONCE = 100;
  let timer = null;
  let asking = false;
  let turn = 0;

  const underWay = () => [...document.querySelectorAll(".sync[data-seconds]")];
  const poller = () => document.querySelector("#badges[data-poll]");

  function plan() {
    clearTimeout(timer);
    timer = null;
    const badges = underWay();
    if (asking || document.hidden || !badges.length || !poller()) return;
    const seconds = Math.min(...badges.map((badge) => Number(badge.dataset.seconds)));
    timer = setTimeout(ask, seconds * 1000);
  }

  function ask() {
    timer = null;
    const badges = underWay();
    if (document.hidden || !badges.length || !poller()) return;
    if (turn >= badges.length) turn = 0;
    const on = badges.slice(turn, turn + AT_ONCE).map((badge) => badge.id.replace("sync-", ""));
    turn += AT_ONCE;
    asking = true;
    const address = `${poller().dataset.from}?polled=1&on=${on.join(",")}`;
    window.htmx.ajax("GET", address, { source: "#badges", target: "#badges", swap: "none" });
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id !== "badges") return;
    asking = false;
    setTimeout(plan); // after the answer has been swapped in
  });
  document.addEventListener("htmx:afterSettle", () => { if (timer === null || !asking) plan(); });
  document.addEventListener("visibilitychange", plan);
  document.addEventListener("DOMContentLoaded", plan);
})();
