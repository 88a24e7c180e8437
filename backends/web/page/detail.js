// The card of one PV: all that is known of it, and what can be done with it.

import { breakable, h, note, once } from "./dom.js";
import { ageText, alarmClass, alarmText, clockText, numberText, timeOf, valueText } from "./format.js";
import { CallForm, PutForm } from "./forms.js";
import { Picture } from "./picture.js";
import { read } from "./rest.js";
import { go, toggle, view } from "./address.js";
import { watch } from "./wire.js";

const FACTS = [["path", "Path"], ["vtype", "Type"], ["mode", "Mode"], ["groups", "Groups"]];
const LIMITS = [["min", "Lowest"], ["alarm_low", "Alarm below"], ["warn_low", "Warning below"], ["warn_high", "Warning above"], ["alarm_high", "Alarm above"], ["max", "Highest"]];

export class Detail {
  constructor(name) {
    this.name = name;
    this.about = {};
    this.title = h("h2", { tabindex: "-1" }, h("span", {}, breakable(name)));
    this.description = h("p", { className: "muted" });
    this.value = h("span", { className: "value mono" });
    this.units = h("span", { className: "units" });
    this.alarm = h("span", { className: "chip" });
    this.age = h("span", { className: "muted small mono" });
    this.meter = h("div", { className: "meter", "aria-hidden": "true" });
    this.body = h("div", {});
    this.facts = h("dl", {});
    this.form = h("div", {});
    this.pin = h("button", { onclick: () => toggle("pin", name) });
    this.plot = h("button", { onclick: () => toggle("plot", name) });
    this.element = h("article", { className: "card", "aria-label": name },
      h("div", { className: "head" }, this.title, h("button", { className: "icon", "aria-label": "Close the card", onclick: () => go({ pv: "" }) }, "×")),
      this.description,
      h("div", { className: "now" }, h("p", { className: "reading" }, this.value, " ", this.units), h("p", { className: "line" }, this.alarm, this.age)),
      this.meter, this.body, this.form,
      h("div", { className: "buttons" }, this.pin, this.plot, h("button", { onclick: () => this.copy() }, "Copy address")),
      this.facts);
    this.mark();
    this.draw = once(() => this.render());
    this.stop = watch(name, (pv) => {
      this.pv = pv;
      this.draw();
    });
    read(name).then((about) => {
      this.about = about;
      this.draw();
    }, () => {});
  }
  mark() {
    this.pin.textContent = view.pin.includes(this.name) ? "★ Unpin" : "☆ Pin";
    this.plot.textContent = view.plot.includes(this.name) ? "∿ Do not plot" : "∿ Plot";
  }
  render() {
    const { pv } = this;
    if (!pv) return;
    const about = { ...this.about, ...pv };
    this.element.className = `card ${alarmClass(pv)}`;
    this.description.textContent = pv.description || "";
    this.value.textContent = about.mode === "command" ? (pv.value ? "running" : "ready") : valueText(pv);
    this.value.classList.toggle("long", this.value.textContent.length > 14);
    this.units.textContent = pv.units || "";
    this.alarm.textContent = alarmText(pv);
    this.tick();
    this.plot.hidden = Boolean(pv.array) || typeof pv.value !== "number";
    this.gauge(pv);
    this.content(pv);
    if (about.mode === "command") this.need(CallForm);
    else if (pv.vtype) this.need(PutForm).show(pv);
    this.list(about);
  }
  need(Form) {
    if (!(this.made instanceof Form)) {
      this.made = new Form(this.name);
      this.form.replaceChildren(this.made.element);
    }
    return this.made;
  }
  content(pv) {
    if (pv.array) {
      if (!this.picture) this.body.replaceChildren((this.picture = new Picture()).element);
      this.picture.show(pv);
    } else if (pv.vtype === "VTable") this.body.replaceChildren(rows(pv));
  }
  gauge(pv) {
    const { min, max } = pv;
    this.meter.hidden = !(typeof pv.value === "number" && min < max);
    if (this.meter.hidden) return;
    const at = (value) => Math.max(0, Math.min(1, (value - min) / (max - min))) * 100;
    const zones = [[min, pv.alarm_low, "major"], [pv.alarm_low ?? min, pv.warn_low, "minor"], [pv.warn_high, pv.alarm_high ?? max, "minor"], [pv.alarm_high, max, "major"]];
    const parts = zones.filter(([from, to]) => from !== undefined && to !== undefined && to > from).map(([from, to, kind]) => {
      const zone = h("i", { className: `zone ${kind}` });
      zone.style.left = `${at(from)}%`;
      zone.style.width = `${at(to) - at(from)}%`;
      return zone;
    });
    const needle = h("i", { className: "needle" });
    needle.style.left = `${at(pv.value)}%`;
    this.meter.replaceChildren(...parts, needle, h("span", { className: "least" }, numberText(min)), h("span", { className: "most" }, numberText(max)));
  }
  list(about) {
    const found = FACTS.filter(([key]) => about[key]?.length).map(([key, text]) => [text, [about[key]].flat().join(", ")]);
    found.push(["You may", about.mode === "command" ? (about.readonly ? "look" : "call") : about.readonly ? "read" : "read and write"]);
    for (const [key, text] of LIMITS) if (about[key] !== undefined) found.push([text, `${numberText(about[key])} ${about.units || ""}`]);
    if (about.seconds !== undefined) found.push(["Time (UTC)", clockText(timeOf(about))]);
    this.facts.replaceChildren(...found.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
  }
  tick() {
    if (this.pv) this.age.textContent = this.pv.seconds === undefined ? "" : `${ageText(this.pv)}${/\d/.test(ageText(this.pv)) ? " ago" : ""}`;
  }
  async copy() {
    const address = `${location.origin}/#pv=${encodeURIComponent(this.name).replaceAll("%3A", ":")}`;
    try {
      await navigator.clipboard.writeText(address);
      note("The address is copied.", "good");
    } catch {
      note(address, "good");
    }
  }
  end() {
    this.stop();
  }
}

function rows(pv) {
  const names = Object.keys(pv.columns || pv.value);
  const count = Math.max(0, ...names.map((name) => pv.value[name].length));
  const shown = Math.min(count, 500);
  return h("div", { className: "scroll table" }, h("table", {},
    h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, pv.columns?.[name] ?? name)))),
    h("tbody", {}, Array.from({ length: shown }, (_, row) => h("tr", {}, names.map((name) => h("td", { className: "mono" }, String(pv.value[name][row]))))))),
    count > shown ? h("p", { className: "muted small" }, `${shown} of ${count} rows`) : null);
}
