// The product list: one box chooses all products of the page. Without script each has its own.
"use strict";

(() => {
  const boxes = () => [...document.querySelectorAll(".product-box")];

  function show() {
    for (const label of document.querySelectorAll("[data-choose-page]")) label.hidden = false;
  }

  document.addEventListener("change", (event) => {
    const all = document.getElementById("choose-page");
    if (!all) return;
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    else if (event.target.matches(".product-box")) {
      const chosen = boxes().filter((box) => box.checked).length;
      all.checked = chosen === boxes().length;
      all.indeterminate = chosen > 0 && !all.checked;
    }
  });
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("htmx:afterSettle", show);
})();
