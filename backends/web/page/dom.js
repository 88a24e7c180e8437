// Elements, made with their properties and content. Text is always text, never markup.

export function h(tag, properties = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== "list" && typeof value !== "string") element[name] = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name === "className" ? "class" : name, value === true ? "" : value);
  }
  element.append(...content.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

// A name that may be broken where it has a mark.
export const breakable = (name) => name.split(/(?<=[:.])/).flatMap((part) => [part, h("wbr")]);

export const $ = (id) => document.getElementById(id);

// Tell a person something that has just happened.
export function note(text, kind = "bad") {
  const line = h("p", { className: `note ${kind}` }, text);
  $("notes").append(line);
  setTimeout(() => line.remove(), kind === "bad" ? 9000 : 3000);
}

// Draw once per picture of the screen, however often it is asked for.
export function once(draw) {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      draw();
    });
  };
}

// A canvas that fits its place, sharp on every screen; returns its size in pixels of the page.
export function fit(canvas) {
  const box = canvas.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [Math.max(1, box.width), Math.max(1, box.height)];
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { context, width, height };
}

// A color of the style sheet, for what is drawn.
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
