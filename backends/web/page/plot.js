// Numbers over time, of several PVs at once, by plotly; it is loaded when something is plotted.

import { color, h, note } from "./dom.js";
import { timeOf } from "./format.js";
import { ask } from "./rest.js";
import { go, toggle, view } from "./address.js";
import { watch } from "./wire.js";

const KEPT = 20000; // points of a line
const SPANS = [[30, "30 s"], [120, "2 min"], [600, "10 min"], [3600, "1 h"]];
const COLORS = ["#38bdf8", "#fbbf24", "#34d399", "#f472b6", "#a78bfa", "#fb923c", "#a3e635", "#f87171"];
let loading = null;

function library() {
  loading ||= ask("/server").then(({ plotly }) => {
    if (!plotly) throw new Error("plots need plotly: python -m pip install 'roguebridge[web]'");
    return new Promise((done, failed) => {
      const script = h("script", { src: `/plotly-${plotly}.js` });
      script.onload = () => done(window.Plotly);
      script.onerror = () => failed(new Error("plotly cannot be loaded"));
      document.head.append(script);
    });
  });
  loading.catch(() => (loading = null));
  return loading;
}

export class Plot {
  constructor() {
    this.lines = new Map();
    this.paused = false;
    this.place = h("div", { className: "plot", role: "img", "aria-label": "Values over time" });
    this.pause = h("button", { onclick: () => this.hold(!this.paused) }, "Pause");
    this.span = h("select", { "aria-label": "Time shown", onchange: () => go({ span: this.span.value }, true) },
      SPANS.map(([seconds, text]) => h("option", { value: String(seconds) }, text)));
    this.names = h("div", { className: "legend" });
    this.element = h("section", { className: "panel" },
      h("h2", {}, "Over time", h("span", { className: "grow" }), this.span, this.pause,
        h("button", { onclick: () => go({ plot: [] }) }, "Close")),
      this.names, this.place);
    this.observer = new ResizeObserver(() => this.made && window.Plotly.Plots.resize(this.place));
    this.observer.observe(this.place);
    this.timer = setInterval(() => this.draw(), 250);
  }
  set(names) {
    for (const [name, line] of this.lines) if (!names.includes(name)) {
      line.stop();
      this.lines.delete(name);
    }
    for (const name of names) if (!this.lines.has(name)) this.add(name);
    this.span.value = view.span || "120";
    this.names.replaceChildren(...[...this.lines.values()].map((line) => line.label));
    this.draw();
  }
  add(name) {
    const used = [...this.lines.values()].map((line) => line.color);
    const mine = COLORS.find((one) => !used.includes(one)) || COLORS[this.lines.size % COLORS.length];
    const line = { x: [], y: [], units: "", color: mine };
    const swatch = h("i", { className: "swatch" });
    swatch.style.background = mine;
    line.label = h("span", { className: "tag" }, swatch, h("button", { className: "open", onclick: () => go({ pv: name }) }, name),
      h("button", { className: "icon", "aria-label": `Do not plot ${name}`, onclick: () => toggle("plot", name) }, "×"));
    line.stop = watch(name, (pv) => {
      line.units = pv.units || "";
      if (typeof pv.value !== "number" || pv.gone) return;
      const at = timeOf(pv);
      if (line.x.length && at <= line.x.at(-1)) return;
      line.x.push(at);
      line.y.push(pv.value);
      if (line.x.length > KEPT) {
        line.x.splice(0, KEPT / 10);
        line.y.splice(0, KEPT / 10);
      }
    });
    this.lines.set(name, line);
  }
  hold(paused) {
    this.paused = paused;
    this.pause.textContent = paused ? "Go on" : "Pause";
    this.pause.setAttribute("aria-pressed", String(paused));
    this.draw();
  }
  async draw() {
    if (this.drawing || (this.paused && this.made)) return;
    this.drawing = true;
    try {
      await this.render(await library());
    } catch (error) {
      if (!this.told) note(error.message);
      this.told = true;
    } finally {
      this.drawing = false;
    }
  }
  async render(plotly) {
    if (!this.place.isConnected || this.ended) return;
    const units = [...new Set([...this.lines.values()].map((line) => line.units))];
    const now = Date.now();
    // A new plot begins with what there is, and grows to the time that is asked for.
    const began = Math.min(...[...this.lines.values()].map((line) => line.x[0] ?? now));
    const from = Math.max(now - Number(this.span.value) * 1000, Math.min(began, now - 10000));
    const traces = [...this.lines].map(([name, line]) => ({
      // The last value holds until now.
      x: [...line.x, now], y: line.y.length ? [...line.y, line.y.at(-1)] : [null], name, mode: "lines", type: "scatter",
      line: { color: line.color, width: 2, shape: "hv" }, yaxis: units.indexOf(line.units) > 0 ? "y2" : "y",
      connectgaps: false, hovertemplate: `%{y:.6g} ${line.units}<extra>${name.replaceAll("<", "&lt;")}</extra>`,
    }));
    const grid = { gridcolor: color("line"), zerolinecolor: color("line"), color: color("muted") };
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "x",
      margin: { l: 60, r: units.length > 1 ? 60 : 12, t: 8, b: 36 }, uirevision: "same",
      font: { family: "system-ui, sans-serif", size: 12, color: color("muted") },
      xaxis: { ...grid, type: "date", range: [from, now] }, yaxis: { ...grid, title: { text: units[0] || "" }, automargin: true },
      ...(units.length > 1 ? { yaxis2: { ...grid, overlaying: "y", side: "right", title: { text: units[1] }, showgrid: false } } : {}),
    };
    layout.xaxis.uirevision = now;
    const first = !this.made;
    this.made = true;
    await plotly.react(this.place, traces, layout, { displayModeBar: false });
    if (first) this.place.on("plotly_relayout", (change) => {
      if ("xaxis.range[0]" in change || "yaxis.range[0]" in change) this.hold(true); // somebody looks closer
      else if (change["xaxis.autorange"]) this.hold(false);
    });
  }
  end() {
    this.ended = true;
    clearInterval(this.timer);
    this.observer.disconnect();
    for (const line of this.lines.values()) line.stop();
    if (this.made) window.Plotly.purge(this.place);
  }
}
