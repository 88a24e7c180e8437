// The page: what is shown follows the address.

import { $, h, note } from "./dom.js";
import { go, onView, toggle, view } from "./address.js";
import { Detail } from "./detail.js";
import { children, mark, search, showTree, startSearch } from "./finder.js";
import { Health, problems } from "./health.js";
import { Plot } from "./plot.js";
import { ask, setToken, token } from "./rest.js";
import { Table } from "./table.js";
import { connect, onState, reconnect } from "./wire.js";

const MOST = 300; // PVs of a device
const shown = { key: {} }; // the parts on the screen, by their places

function part(place, key, make) {
  if (shown.key[place] === key) return shown[place];
  shown[place]?.end();
  shown.key[place] = key;
  return (shown[place] = key === "" ? null : make());
}

async function render() {
  document.body.classList.toggle("embed", Boolean(view.embed));
  const health = view.view === "health";
  $("view-live").toggleAttribute("aria-current", !health);
  $("view-health").toggleAttribute("aria-current", health);
  const detail = part("detail", view.pv || "", () => new Detail(view.pv));
  detail?.mark();
  $("detail").hidden = !detail;
  if (detail && detail.element.parentNode !== $("detail")) {
    $("detail").replaceChildren(detail.element);
    if (matchMedia("(max-width: 900px)").matches) detail.title.focus();
  }
  document.title = view.pv ? `${view.pv} · Roguebridge` : "Roguebridge";
  const alone = view.embed && view.pv;
  const parts = [];
  parts.push(part("health", health ? "yes" : "", () => new Health()));
  const names = health ? [] : view.plot;
  const plot = part("plot", names.length ? "yes" : "", () => new Plot());
  parts.push(part("pins", health || alone ? "" : view.pin.join(), () => new Table("Pinned", view.pin.map((name) => ({ name })), { big: true })));
  parts.push(plot);
  const device = health || alone || view.embed ? "" : view.device ?? (view.pin.length || view.plot.length ? "" : "first");
  parts.push(await deviceTable(device));
  $("main").replaceChildren(...parts.filter(Boolean).map((one) => one.element));
  for (const one of parts) for (const row of one?.rows || []) row.mark();
  plot?.set(names);
  mark();
}

async function deviceTable(path) {
  if (!path) return part("device", "", null);
  if (shown.key.device === path) return shown.device;
  try {
    let wanted = path;
    if (path === "first") [wanted] = (await children("")).devices;
    const { devices, pvs } = await children(wanted);
    const text = pvs.length > MOST ? `The first ${MOST} PVs are shown.` : "";
    return part("device", path, () => new Table(wanted, pvs.slice(0, MOST), { note: text, within: devices }));
  } catch (error) {
    note(error.message);
    return null;
  }
}

// Who one is -----------------------------------------------------------------------------------

async function showServer() {
  const server = await ask("/server").catch(() => null);
  if (!server && token()) {
    setToken("");
    note("The token is not known any more.");
    return showServer();
  }
  $("user").textContent = server?.user || "Sign in";
  $("user").hidden = !server?.tokens && !server?.user;
  $("user").classList.toggle("signed", Boolean(server?.user));
  if (server && !server.reads) signIn("Only users may read here.");
  return server;
}

function signIn(text = "") {
  const field = h("input", { type: "password", "aria-label": "Token", autocomplete: "current-password" });
  const told = h("p", { className: "bad" });
  const form = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    setToken(field.value.trim());
    try {
      await ask("/server");
      $("dialog").close();
      begin();
      reconnect();
    } catch (error) {
      setToken("");
      told.textContent = error.message;
    }
  } }, h("h2", {}, "Sign in"), h("p", { className: "muted" }, text || "A token says who you are. It is forgotten with this tab."), field, told,
    h("div", { className: "buttons" }, h("button", { type: "button", onclick: () => $("dialog").close() }, "Cancel"), h("button", { className: "primary" }, "Sign in")));
  $("dialog").replaceChildren(form);
  $("dialog").showModal();
  field.focus();
}

function signOut() {
  setToken("");
  begin();
  reconnect();
}

function showKeys() {
  const keys = [["/", "search"], ["↑ ↓ Enter", "choose what was found"], ["p", "pin the chosen PV"], ["g", "plot it"], ["e", "put a value"], ["h", "health"], ["Esc", "close"], ["t", "light or dark"]];
  $("dialog").replaceChildren(h("form", { method: "dialog" }, h("h2", {}, "Keys"),
    h("dl", {}, keys.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)])), h("button", { className: "primary" }, "Close")));
  $("dialog").showModal();
}

function theme(next) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const now = localStorage.getItem("theme") || dark;
  const wanted = next ? (now === "dark" ? "light" : "dark") : now;
  if (next) localStorage.setItem("theme", wanted);
  document.documentElement.dataset.theme = wanted;
}

document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "Escape" && !$("dialog").open) {
    if (typing) event.target.blur();
    else go({ pv: "" });
    document.body.classList.remove("finding");
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || $("dialog").open) return;
  const does = {
    "/": () => {
      document.body.classList.add("finding");
      $("search").focus();
    },
    p: () => view.pv && toggle("pin", view.pv),
    g: () => view.pv && toggle("plot", view.pv),
    e: () => $("detail").querySelector(".form input, .form textarea, .form select, .form button")?.focus(),
    h: () => go({ view: view.view === "health" ? "" : "health" }),
    t: () => theme(true),
    "?": showKeys,
  }[event.key];
  if (does) {
    event.preventDefault();
    does();
  }
});

$("view-live").onclick = () => go({ view: "" });
$("view-health").onclick = () => go({ view: "health" });
$("user").onclick = () => (token() ? signOut() : signIn());
$("theme").onclick = () => theme(true);
$("help").onclick = showKeys;
document.querySelector(".brand").onclick = (event) => {
  event.preventDefault();
  go({ pv: "", pin: [], plot: [], device: "", view: "", q: "" });
};

onState((connected, reason) => {
  $("link").textContent = connected ? "connected" : "no connection";
  $("link").className = `state ${connected ? "good" : "bad"}`;
  if (connected) problems();
  else if (reason) $("link").title = reason;
});

onView(render);

setInterval(() => {
  $("clock").textContent = new Date().toISOString().slice(11, 19);
  for (const name of ["health", "pins", "device", "detail"]) shown[name]?.tick?.();
}, 1000);
setInterval(problems, 15000);

async function begin() {
  const server = await showServer();
  if (server?.reads) {
    await showTree().catch((error) => note(error.message));
    search();
    problems();
  }
  await render();
}

theme(false);
startSearch();
$("search").parentElement.addEventListener("focusin", () => document.body.classList.add("finding"));
begin().then(connect);
