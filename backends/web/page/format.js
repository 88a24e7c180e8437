// Values, alarms and times as people read them.

const ARRAYS = { b64dbl: Float64Array, b64flt: Float32Array, b64srt: Int16Array, b64int: Int32Array, b64byt: Int8Array };
const UNSIGNED = { b64srt: Uint16Array, b64int: Uint32Array, b64byt: Uint8Array };

// The array of an update, null if it has none.
export function arrayOf(update) {
  for (const key in ARRAYS) {
    if (update[key] === undefined) continue;
    const text = atob(update[key]);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    const plain = update.shape && update.dtype.startsWith("u") && UNSIGNED[key];
    return new (plain || ARRAYS[key])(bytes.buffer);
  }
  return null;
}

export function numberText(value) {
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toFixed(0);
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(3);
  return String(Number(value.toPrecision(6)));
}

// The value of a PV in one line.
export function valueText(pv) {
  if (pv.seconds === undefined) return "—";
  if (pv.array) {
    const size = pv.shape ? pv.shape.join(" × ") : pv.array.length;
    return size === "" ? "empty" : `${size}${pv.shape ? "" : " points"}`;
  }
  if (pv.vtype === "VTable") return `${Object.keys(pv.columns || {}).length} columns`;
  if (Array.isArray(pv.value)) return pv.value.join(", ");
  if (pv.text !== undefined) return pv.text;
  return pv.vtype && /Double|Float/.test(pv.vtype) && typeof pv.value === "number"
    ? fraction(pv.value, pv.precision) : numberText(pv.value);
}

function fraction(value, precision) {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e11 || size < 1e-4)) return value.toExponential(4);
  if (!precision && Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(precision > 0 && precision <= 6 ? precision : 3);
}

export const timeOf = (pv) => pv.seconds * 1000 + pv.nanos / 1e6;

export function ageText(pv, now = Date.now()) {
  if (pv.seconds === undefined) return "";
  const age = Math.max(0, (now - timeOf(pv)) / 1000);
  if (age < 2) return "now";
  if (age < 100) return `${age.toFixed(0)} s`;
  if (age < 6000) return `${(age / 60).toFixed(0)} min`;
  if (age < 172800) return `${(age / 3600).toFixed(0)} h`;
  return `${(age / 86400).toFixed(0)} d`;
}

export function clockText(milliseconds) {
  return new Date(milliseconds).toISOString().replace("T", " ").slice(0, 23);
}

// The class that colors a PV by its alarm.
export function alarmClass(pv) {
  if (pv.gone) return "gone";
  return { MINOR: "minor", MAJOR: "major", INVALID: "invalid", UNDEFINED: "invalid" }[pv.severity] || "ok";
}

export function alarmText(pv) {
  if (pv.gone) return "no connection";
  if (pv.error) return pv.error;
  if (!pv.severity || pv.severity === "NONE") return pv.severity ? "OK" : "";
  return pv.alarm && pv.alarm !== pv.severity ? `${pv.severity} · ${pv.alarm}` : pv.severity;
}
