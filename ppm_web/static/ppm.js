// Everything that PPM does in the browser beside htmx: light and dark, the CSRF header, messages,
// and polling that rests while nobody looks. Pages and buttons work without any of it.
"use strict";

(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const showTheme = () => { root.dataset.bsTheme = kept() ?? (system.matches ? "dark" : "light"); };

  showTheme(); // at once, in the head: no flash of the other one
  system.addEventListener("change", showTheme);

  document.addEventListener("DOMContentLoaded", () => {
    const menu = document.querySelector(".menu");
    if (menu && matchMedia("(max-width: 62rem)").matches) menu.open = false; // without script it stays open
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const wanted = root.dataset.bsTheme === "dark" ? "light" : "dark";
        try { localStorage.setItem("theme", wanted); } catch { /* then only for this page */ }
        root.dataset.bsTheme = wanted;
      });
    }
  });

  let read;
  const words = () => (read ??= JSON.parse(document.querySelector("meta[name=words]").content));

  function tell(message, kind) {
    if (kind === "quiet") {
      document.getElementById("announcer").textContent = message;
      return;
    }
    const region = document.getElementById("toasts");
    for (const shown of region.children) if (shown.firstChild.textContent === message) shown.remove();
    while (region.children.length >= 4) region.firstChild.remove();
    const toast = document.createElement("div");
    const text = document.createElement("p");
    const close = document.createElement("button");
    toast.className = `notice notice-${kind}`;
    text.textContent = message;
    close.className = "btn-close";
    close.type = "button";
    close.ariaLabel = words().close;
    close.addEventListener("click", () => toast.remove());
    toast.append(text, close);
    region.append(toast);
    if (kind !== "error") setTimeout(() => toast.remove(), 8000);
  }

  const polls = (element) => element instanceof Element && element.matches("[data-poll]");

  // What is gone or forbidden stays so: the badge keeps what it shows and asks no more.
  function stopPolling(element) {
    const still = element.cloneNode(true);
    for (const name of ["data-poll", "hx-get", "hx-trigger"]) still.removeAttribute(name);
    element.replaceWith(still);
    window.htmx.process(still);
  }

  // Who fills in the field beside a choice has made that choice; htmx then sends the form.
  document.addEventListener("change", (event) => {
    const choice = event.target.closest(".choice")?.querySelector("input[type=radio]");
    if (choice) choice.checked = true;
  }, true);

  document.addEventListener("ppm:tell", (event) => tell(event.detail.message, event.detail.kind));

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && polls(event.detail.elt) && event.detail.requestConfig.verb === "get") event.preventDefault();
  });

  document.addEventListener("htmx:responseError", (event) => {
    const { elt, xhr } = event.detail;
    const plain = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/plain");
    tell(plain ? xhr.responseText : words().failed.replace("{status}", xhr.status), "error");
    if (polls(elt) && xhr.status < 500) stopPolling(elt);
  });

  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, () => {
      tell(words().silent, "error");
    });
  }
})();
