// The left side: the tree of devices, and a search as one types.

import { $, h, note } from "./dom.js";
import { ask } from "./rest.js";
import { go, view } from "./address.js";

const MOST = 100; // results that are shown
const open = new Set();
const listed = new Map(); // path of a device -> what is in it
let asked = 0;

export async function children(path) {
  if (!listed.has(path)) listed.set(path, await ask(`/tree?path=${encodeURIComponent(path)}`));
  return listed.get(path);
}

export async function showTree() {
  const { devices } = await children("");
  if (devices.length === 1 || devices.length === 2) open.add(devices[0]);
  for (const path of view.device ? above(view.device) : []) open.add(path);
  $("tree").replaceChildren(...(await Promise.all(devices.map((path) => branch(path, 0)))));
}

function above(path) {
  const words = path.split(".");
  return words.map((_, at) => words.slice(0, at + 1).join("."));
}

async function branch(path, depth) {
  const name = path.split(".").pop();
  const inside = h("ul", { className: "list" });
  const fold = h("button", {
    className: "fold", "aria-expanded": String(open.has(path)), "aria-label": `What is in ${path}`,
    onclick: () => {
      open.has(path) ? open.delete(path) : open.add(path);
      fill();
    },
  }, "▸");
  const choose = h("button", {
    className: "device", "data-path": path, title: path,
    onclick: () => {
      open.add(path);
      fill();
      go({ device: path, pv: "", view: "", q: "" });
      document.body.classList.remove("finding");
    },
  }, name);
  async function fill() {
    fold.setAttribute("aria-expanded", String(open.has(path)));
    try {
      const { devices } = await children(path);
      fold.disabled = !devices.length;
      const shown = open.has(path) ? devices : [];
      inside.replaceChildren(...(await Promise.all(shown.map((one) => branch(one, depth + 1)))));
      mark();
    } catch (error) {
      note(error.message);
    }
  }
  if (open.has(path) || depth < 1) await fill();
  return h("li", {}, h("div", { className: "row" }, fold, choose), inside);
}

export function mark() {
  for (const one of document.querySelectorAll("#tree .device"))
    one.toggleAttribute("aria-current", one.dataset.path === view.device && !view.pv);
}

export function startSearch() {
  const field = $("search");
  field.value = view.q || "";
  field.addEventListener("input", () => {
    go({ q: field.value }, true);
    search();
  });
  field.addEventListener("keydown", (event) => {
    const first = $("results").querySelector("button");
    if (event.key === "ArrowDown" && first) {
      first.focus();
      event.preventDefault();
    } else if (event.key === "Enter" && first) first.click();
    else if (event.key === "Escape") {
      field.value = "";
      field.dispatchEvent(new Event("input"));
    }
  });
  $("results").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const all = [...$("results").querySelectorAll("button")];
    const next = all.indexOf(document.activeElement) + step;
    (all[next] || field).focus();
    event.preventDefault();
  });
  search();
}

export async function search() {
  const words = $("search").value.trim();
  const mine = ++asked;
  $("tree").hidden = Boolean(words);
  if (!words) {
    $("results").replaceChildren();
    $("found").textContent = "";
    return;
  }
  try {
    const found = await ask(`/pvs?limit=${MOST}&search=${encodeURIComponent(words)}`);
    if (mine !== asked) return;
    const more = found.total > MOST ? `, the first ${MOST} are shown` : "";
    $("found").textContent = `${found.total.toLocaleString("en")} found${more}`;
    $("results").replaceChildren(...found.pvs.map(result));
  } catch (error) {
    if (mine === asked) $("found").textContent = error.message;
  }
}

function result(pv) {
  const mode = pv.mode === "command" ? "command" : pv.mode === "RO" ? "read-only" : pv.units || pv.type;
  return h("li", {}, h("button", {
    className: "result", title: `${pv.path}\n${pv.description}`,
    onclick: () => {
      go({ pv: pv.name, view: "" });
      document.body.classList.remove("finding");
    },
  }, h("span", { className: "name" }, pv.name), h("span", { className: "muted small" }, mode || "")));
}
