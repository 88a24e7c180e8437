// Waveforms and images, drawn on a canvas at each update.

import { color, fit, h, once } from "./dom.js";
import { numberText } from "./format.js";

const SHADES = 256;
// Dark blue to yellow, of equal steps to the eye, from a few points between.
const POINTS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const MAP = new Uint32Array(SHADES).map((_, index) => {
  const at = (index / (SHADES - 1)) * (POINTS.length - 1);
  const low = Math.min(Math.floor(at), POINTS.length - 2);
  const [r, g, b] = POINTS[low].map((one, k) => Math.round(one + (POINTS[low + 1][k] - one) * (at - low)));
  return (255 << 24) | (b << 16) | (g << 8) | r;
});

export class Picture {
  constructor() {
    this.canvas = h("canvas", { className: "picture", role: "img", tabindex: "0" });
    this.words = h("p", { className: "muted small mono" });
    this.element = h("figure", {}, this.canvas, h("figcaption", {}, this.words));
    this.draw = once(() => this.render());
    new ResizeObserver(this.draw).observe(this.canvas);
  }
  show(pv) {
    this.pv = pv;
    this.draw();
  }
  render() {
    const pv = this.pv;
    if (!pv?.array || !this.canvas.isConnected) return;
    const isImage = pv.shape && (pv.shape.length === 2 || (pv.shape.length === 3 && pv.shape[2] === 3));
    this.canvas.classList.toggle("image", Boolean(isImage));
    const told = isImage ? this.image(pv) : this.waveform(pv);
    this.words.textContent = told;
    this.canvas.setAttribute("aria-label", `${pv.pv}: ${told}`);
  }
  waveform(pv) {
    const { context, width, height } = fit(this.canvas);
    const values = pv.array;
    const [low, high] = range(values);
    const [left, bottom] = [56, 20];
    const span = high - low || Math.abs(high) || 1;
    const [from, to] = [low - span * 0.05, high + span * 0.05];
    const y = (value) => (height - bottom) * (1 - (value - from) / (to - from));
    const plot = width - left - 6;
    context.clearRect(0, 0, width, height);
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = color("muted");
    context.strokeStyle = color("line");
    context.textAlign = "right";
    for (const value of ticks(from, to)) {
      context.beginPath();
      context.moveTo(left, y(value));
      context.lineTo(width - 6, y(value));
      context.stroke();
      context.fillText(short(value), left - 6, Math.max(11, y(value) + 4));
    }
    for (let step = 0; step <= 4; step++) {
      context.textAlign = step === 4 ? "right" : step ? "center" : "left";
      context.fillText(Math.round(((values.length - 1) * step) / 4).toString(), left + (plot * step) / 4, height - 5);
    }
    context.strokeStyle = color("accent");
    context.lineWidth = 1.4;
    context.beginPath();
    if (values.length <= 2 * plot) {
      const one = values.length > 1 ? plot / (values.length - 1) : 0;
      let pen = false;
      for (let at = 0; at < values.length; at++) {
        const value = Number(values[at]);
        if (Number.isFinite(value)) pen ? context.lineTo(left + at * one, y(value)) : context.moveTo(left + at * one, y(value));
        pen = Number.isFinite(value);
      }
    } else columns(values, Math.floor(plot), (x, least, most) => {
      context.moveTo(left + x + 0.5, y(least));
      context.lineTo(left + x + 0.5, y(most) - 0.7);
    });
    context.stroke();
    return `${values.length.toLocaleString("en")} points, ${short(low)} to ${short(high)} ${pv.units || ""}`;
  }
  image(pv) {
    const [rows, wide] = pv.shape;
    const colors = pv.shape.length === 3;
    const [low, high] = range(pv.array);
    if (this.canvas.width !== wide || this.canvas.height !== rows) {
      this.canvas.width = wide;
      this.canvas.height = rows;
    }
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(wide, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const scale = (SHADES - 1) / (high - low || 1);
    const top = colors && high > 255 ? 255 / high : 1;
    for (let at = 0; at < pixels.length; at++) {
      if (colors) {
        const [r, g, b] = [0, 1, 2].map((k) => Math.min(255, pv.array[3 * at + k] * top));
        pixels[at] = (255 << 24) | (b << 16) | (g << 8) | r;
      } else pixels[at] = MAP[Math.max(0, Math.min(SHADES - 1, ((pv.array[at] - low) * scale) | 0))];
    }
    context.putImageData(image, 0, 0);
    return `${wide} × ${rows} pixels, ${short(low)} to ${short(high)}`;
  }
}

const short = (value) => numberText(Number(value.toPrecision(4)));

// Round numbers within a range, some four of them.
function ticks(from, to) {
  const raw = (to - from) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((one) => one * power >= raw) * power;
  const found = [];
  for (let at = Math.ceil(from / step); at * step <= to; at++) found.push(at * step);
  return found;
}

function range(values) {
  let [low, high] = [Infinity, -Infinity];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value < low && value > -Infinity) low = value;
    if (value > high && value < Infinity) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

// Least and greatest of what falls on each column of pixels: no peak is lost.
function columns(values, count, draw) {
  for (let x = 0; x < count; x++) {
    const end = Math.floor(((x + 1) * values.length) / count);
    let [least, most] = [Infinity, -Infinity];
    for (let at = Math.floor((x * values.length) / count); at < end; at++) {
      const value = values[at];
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (least <= most) draw(x, least, most);
  }
}
