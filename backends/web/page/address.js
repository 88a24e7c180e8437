// The view as it stands in the address: whoever opens the address sees the same.
//   #pv=NAME  device=PATH  pin=A,B  plot=A,B  view=health  q=WORDS  span=SECONDS  embed=1

const LISTS = ["pin", "plot"];
const calls = new Set();

function parse() {
  const given = new URLSearchParams(location.hash.slice(1));
  const found = Object.fromEntries(given);
  for (const name of LISTS) found[name] = (found[name] || "").split(",").filter(Boolean);
  return found;
}

export let view = parse();

export function onView(call) {
  calls.add(call);
}

// Change the view; a step back in the browser undoes it.
export function go(change, replace = false) {
  const next = { ...view, ...change };
  const text = Object.entries(next)
    .map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : value])
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3A", ":")}`)
    .join("&");
  const url = text ? `#${text}` : location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", url);
  changed();
}

function changed() {
  view = parse();
  for (const call of calls) call(view);
}

export function toggle(list, name) {
  const names = view[list];
  go({ [list]: names.includes(name) ? names.filter((one) => one !== name) : [...names, name] });
}

window.addEventListener("hashchange", changed);
window.addEventListener("popstate", changed);
