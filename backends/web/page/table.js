// PVs as a table: those that are pinned, or those of a device.

import { breakable, color, fit, h, once } from "./dom.js";
import { ageText, alarmClass, alarmText, timeOf, valueText } from "./format.js";
import { go, toggle, view } from "./address.js";
import { watch } from "./wire.js";

const KEPT = 120; // values of a line

export class Table {
  constructor(title, pvs, options = {}) {
    this.rows = pvs.map((pv) => new Row(pv, options));
    this.body = h("tbody", {}, this.rows.map((row) => row.element));
    const heads = ["PV", "Value", "Recent", "Alarm", "Age", h("span", { className: "unseen" }, "Tools")];
    this.element = h("section", { className: `panel ${options.big ? "big" : ""}` },
      h("h2", {}, title, h("span", { className: "muted small" }, ` ${pvs.length}`)),
      options.within?.length ? h("div", { className: "within", role: "group", "aria-label": "Devices within" },
        options.within.map((path) => h("button", { onclick: () => go({ device: path, pv: "" }), title: path }, path.split(".").pop()))) : null,
      options.note ? h("p", { className: "muted" }, options.note) : null,
      h("div", { className: "scroll" },
        h("table", { className: "pvs", "aria-label": title },
          h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))), this.body)));
  }
  tick() {
    for (const row of this.rows) row.tick();
  }
  end() {
    for (const row of this.rows) row.end();
  }
}

class Row {
  constructor(pv, options) {
    this.name = pv.name;
    this.command = pv.mode === "command";
    this.recent = [];
    this.value = h("span", { className: "value mono" });
    this.units = h("span", { className: "units" });
    this.alarm = h("span", { className: "chip" });
    this.age = h("td", { className: "age mono" });
    this.line = h("canvas", { className: "spark", "aria-hidden": "true" });
    const label = options.big ? pv.name : pv.path ? pv.path.split(".").pop() : pv.name;
    const kind = pv.mode === "command" ? "command" : pv.mode === "RO" ? "read-only" : "";
    this.pin = h("button", { className: "icon", onclick: () => toggle("pin", pv.name) });
    this.plot = h("button", { className: "icon", onclick: () => toggle("plot", pv.name), "aria-label": `Plot ${pv.name}`, title: "Plot" }, "∿");
    this.element = h("tr", {},
      h("th", { scope: "row" },
        h("button", { className: "open", onclick: () => go({ pv: pv.name, view: "" }), title: pv.name }, breakable(label)),
        pv.description || kind ? h("span", { className: "muted small about" }, pv.description || kind) : null),
      h("td", {}, this.value, " ", this.units), h("td", { className: "recent" }, this.line),
      h("td", {}, this.alarm), this.age, h("td", { className: "tools" }, this.plot, this.pin));
    this.mark();
    this.draw = once(() => this.show());
    this.stop = watch(pv.name, (known) => {
      this.known = known;
      this.note(known);
      this.draw();
    });
  }
  mark() {
    const pinned = view.pin.includes(this.name);
    this.pin.textContent = pinned ? "★" : "☆";
    this.pin.setAttribute("aria-pressed", String(pinned));
    this.pin.setAttribute("aria-label", `Pin ${this.name}`);
    this.plot.setAttribute("aria-pressed", String(view.plot.includes(this.name)));
  }
  note(pv) {
    if (typeof pv.value !== "number" || pv.array || pv.labels || this.command) return;
    const last = this.recent.at(-1);
    if (last && last[0] === timeOf(pv)) return;
    this.recent.push([timeOf(pv), pv.value]);
    if (this.recent.length > KEPT) this.recent.shift();
  }
  show() {
    const pv = this.known;
    this.value.textContent = this.command ? (pv.value ? "running" : "ready") : valueText(pv);
    this.value.title = this.value.textContent.length > 24 ? this.value.textContent : "";
    this.plot.hidden = this.command || pv.array !== undefined || Boolean(pv.labels) || (pv.vtype !== undefined && typeof pv.value !== "number");
    this.units.textContent = pv.units || "";
    this.element.className = alarmClass(pv);
    this.alarm.textContent = alarmText(pv);
    this.tick();
    if (this.recent.length > 1 && this.line.isConnected) this.spark();
  }
  spark() {
    const { context, width, height } = fit(this.line);
    const values = this.recent.map((one) => one[1]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const span = high - low || 1;
    const first = this.recent[0][0];
    const time = this.recent.at(-1)[0] - first || 1;
    context.clearRect(0, 0, width, height);
    context.strokeStyle = color({ minor: "minor", major: "major", invalid: "invalid" }[alarmClass(this.known)] || "accent");
    context.lineWidth = 1.5;
    context.beginPath();
    this.recent.forEach(([at, value], index) => {
      const x = 2 + ((at - first) / time) * (width - 4);
      const y = height - 3 - ((value - low) / span) * (height - 6);
      index ? context.lineTo(x, y) : context.moveTo(x, y);
    });
    context.stroke();
  }
  tick() {
    if (this.known) this.age.textContent = ageText(this.known);
  }
  end() {
    this.stop();
  }
}
