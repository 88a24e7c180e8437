// Forms that put a value or call a command; a refusal is shown in the server's words.

import { h } from "./dom.js";
import { call, put } from "./rest.js";

export class PutForm {
  constructor(name) {
    this.name = name;
    this.told = h("output", { className: "told", role: "status" });
    this.place = h("div", { className: "put" });
    this.element = h("section", { className: "form", "aria-label": `Put to ${name}` }, this.place, this.told);
    this.kind = null; // not known
  }
  // Make the controls that fit the PV, once its type is known.
  show(pv) {
    const kind = pv.readonly ? "" : pv.labels ? `labels ${pv.labels}` : pv.array || Array.isArray(pv.value) ? "array" : pv.vtype === "VTable" ? "" : "value";
    if (kind !== this.kind) {
      this.kind = kind;
      this.place.replaceChildren(...this.controls(pv, kind));
    }
    if (pv.labels) for (const button of this.place.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(Number(button.dataset.index) === pv.value));
    if (this.field && document.activeElement !== this.field && !this.touched) this.field.value = this.text(pv);
  }
  controls(pv, kind) {
    this.field = null;
    if (!kind) return [h("p", { className: "muted" }, pv.readonly ? "You may not write this PV." : "")];
    if (pv.labels && pv.labels.length <= 6) return [h("div", { className: "choices", role: "group", "aria-label": "Choices" },
      pv.labels.map((label, index) => h("button", { type: "button", "data-index": index, onclick: () => this.put(index) }, label)))];
    if (pv.labels) return [h("select", { "aria-label": "Choice", onchange: (event) => this.put(Number(event.target.value)) },
      pv.labels.map((label, index) => h("option", { value: String(index) }, label)))];
    this.field = kind === "array"
      ? h("textarea", { rows: 3, "aria-label": "New values, as JSON", spellcheck: "false" })
      : h("input", { type: "text", "aria-label": "New value", spellcheck: "false", autocomplete: "off" });
    this.field.addEventListener("input", () => (this.touched = true));
    const form = h("form", { onsubmit: (event) => {
      event.preventDefault();
      this.submit(kind);
    } }, this.field, h("button", { className: "primary" }, "Put"));
    return [form];
  }
  text(pv) {
    if (pv.array) return pv.array.length <= 200 ? JSON.stringify([...pv.array].map(Number)) : "";
    return Array.isArray(pv.value) ? JSON.stringify(pv.value) : pv.text ?? String(pv.value ?? "");
  }
  submit(kind) {
    if (kind !== "array") return this.put(this.field.value);
    let value;
    try {
      value = JSON.parse(this.field.value);
    } catch (error) {
      return this.tell(`this is no JSON: ${error.message}`, "bad");
    }
    return this.put(value);
  }
  async put(value) {
    this.tell("…", "");
    try {
      await put(this.name, value);
      this.touched = false;
      this.tell("done", "good");
    } catch (error) {
      this.tell(error.message, "bad");
    }
  }
  tell(text, kind) {
    this.told.textContent = text;
    this.told.className = `told ${kind}`;
  }
}

export class CallForm {
  constructor(name) {
    this.name = name;
    this.told = h("output", { className: "told", role: "status" });
    this.field = h("input", { type: "text", "aria-label": "Argument", placeholder: "argument, or a=1, b=text", spellcheck: "false", autocomplete: "off" });
    this.button = h("button", { className: "primary" }, "Call");
    this.element = h("form", { className: "form call", "aria-label": `Call ${name}`, onsubmit: (event) => {
      event.preventDefault();
      this.call();
    } }, h("div", { className: "put" }, this.field, this.button), this.told);
  }
  async call() {
    this.told.textContent = "running …";
    this.told.className = "told";
    this.button.disabled = true;
    try {
      const { value } = await call(this.name, argumentsOf(this.field.value));
      this.told.textContent = value === null ? "done" : typeof value === "string" ? value : JSON.stringify(value);
      this.told.className = "told good";
    } catch (error) {
      this.told.textContent = error.message;
      this.told.className = "told bad";
    } finally {
      this.button.disabled = false;
    }
  }
}

// "5" is the argument itself; "a=1, b=x" are two with names.
export function argumentsOf(text) {
  const words = text.trim();
  if (!words) return {};
  if (!/^\w+\s*=/.test(words)) return { arg: plain(words) };
  return Object.fromEntries(words.split(/,\s*(?=\w+\s*=)/).map((one) => {
    const [name, ...rest] = one.split("=");
    return [name.trim(), plain(rest.join("=").trim())];
  }));
}

function plain(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
