// Draws the chart of what was done hour by hour, with uPlot; the numbers stand in a table too.
"use strict";

(() => {
  const drawn = new Map();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function options(element, data, width) {
    const axis = { stroke: colour("--ppm-quiet"), grid: { stroke: colour("--ppm-quiet-tint"), width: 1 }, ticks: { show: false } };
    const label = (times) => times.map((time) => data.labels[data.times.indexOf(time)] ?? "");
    const counts = new Intl.NumberFormat(data.language);
    const half = data.times.length > 1 ? (data.times[1] - data.times[0]) / 2 : 1800; // the first and last bar whole
    const bars = window.uPlot.paths.bars({ size: [0.8, 40] });
    return {
      width,
      height: 220,
      padding: [null, 28, null, null],
      cursor: { y: false },
      scales: { x: { time: true, range: (_self, low, high) => [low - half, high + half] }, y: { range: (_self, _low, high) => [0, Math.max(4, high * 1.1)] } },
      axes: [
        { ...axis, values: (_self, times) => label(times), space: 80 },
        { ...axis, values: (_self, values) => values.map((value) => (Number.isInteger(value) ? counts.format(value) : "")), size: 56 },
      ],
      series: [
        { label: element.dataset.hour, value: (_self, time) => (time == null ? "–" : label([time])[0]) },
        { label: element.dataset.done, stroke: colour("--ppm-good"), fill: `${colour("--ppm-good")}66`, paths: bars, points: { show: false } },
        { label: element.dataset.failed, stroke: colour("--ppm-bad"), width: 2, points: { size: 5 } },
      ],
    };
  }

  function draw(element) {
    drawn.get(element)?.destroy();
    const data = JSON.parse(element.dataset.chart);
    const width = Math.max(280, element.clientWidth);
    drawn.set(element, new window.uPlot(options(element, data, width), [data.times, data.done, data.failed], element));
  }

  function drawAll() {
    for (const element of drawn.keys()) if (!element.isConnected) drawn.delete(element);
    for (const element of document.querySelectorAll("[data-chart]")) draw(element);
  }

  let waiting;
  const drawSoon = () => { clearTimeout(waiting); waiting = setTimeout(drawAll, 150); };

  drawAll();
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "throughput") drawAll(); });
  new MutationObserver(drawSoon).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  addEventListener("resize", drawSoon);
})();
