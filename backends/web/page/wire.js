// The socket: PVs that somebody looks at, whatever becomes of the connection.

import { arrayOf } from "./format.js";
import { token } from "./rest.js";

const pvs = new Map(); // name -> what is known of the PV
const watchers = new Map(); // name -> functions that are called with each update
const states = new Set();
let socket = null;
let wait = 300;
export let connected = false;

export function onState(call) {
  states.add(call);
}

function say(state, reason = "") {
  connected = state;
  if (!state) for (const [name, pv] of pvs) {
    pv.gone = true;
    tell(name);
  }
  for (const call of states) call(state, reason);
}

export function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const mine = (socket = new WebSocket(`${scheme}//${location.host}/pvws/pv`));
  let reason = "";
  mine.onopen = () => {
    wait = 300;
    if (token()) send({ type: "auth", token: token() });
    if (watchers.size) send({ type: "subscribe", pvs: [...watchers.keys()] });
    say(true);
  };
  mine.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "update") update(message);
    else if (message.type === "error") {
      reason = message.message;
      if (message.pv !== undefined) {
        know(message.pv).error = message.message;
        tell(message.pv);
      }
    }
  };
  mine.onclose = () => {
    if (mine !== socket) return;
    say(false, reason);
    setTimeout(connect, wait);
    wait = Math.min(wait * 1.6, 5000);
  };
}

// Begin anew, as another user.
export function reconnect() {
  const old = socket;
  socket = null;
  old?.close();
  pvs.clear();
  connect();
}

function send(content) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(content));
}

export function know(name) {
  if (!pvs.has(name)) pvs.set(name, { pv: name });
  return pvs.get(name);
}

function update(message) {
  const pv = know(message.pv);
  if (message.seconds !== undefined) {
    delete pv.text;
    delete pv.array;
    message.array = arrayOf(message) ?? undefined;
  }
  Object.assign(pv, message, { gone: false, error: undefined });
  for (const key of ["b64dbl", "b64flt", "b64srt", "b64int", "b64byt"]) delete pv[key];
  tell(message.pv);
}

function tell(name) {
  const pv = know(name);
  for (const call of watchers.get(name) || []) call(pv);
}

// Call a function with each update of a PV; returns what ends that.
export function watch(name, call) {
  let calls = watchers.get(name);
  if (!calls) {
    watchers.set(name, (calls = new Set()));
    send({ type: "subscribe", pvs: [name] });
  } else if (know(name).seconds !== undefined) queueMicrotask(() => calls.has(call) && call(know(name)));
  calls.add(call);
  return () => {
    calls.delete(call);
    if (calls.size) return;
    watchers.delete(name);
    pvs.delete(name);
    send({ type: "clear", pvs: [name] });
  };
}
