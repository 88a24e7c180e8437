// How the server is: its status PVs, and the problems that it reports.

import { $, h } from "./dom.js";
import { ask } from "./rest.js";
import { Table } from "./table.js";

const TILES = ["HEARTBEAT", "TREE_ALIVE", "READY", "UPTIME", "RECORD_CNT", "CLIENT_CNT", "UPDATE_RATE", "INVALID_CNT", "PROBLEM_CNT", "PUT_CNT", "IOC_CPU_LOAD", "MEM_USED"];

export class Health {
  constructor() {
    this.problems = h("ul", { className: "problems" });
    this.count = h("span", { className: "muted small" });
    this.tables = h("div", {});
    this.element = h("div", { className: "stack" },
      h("section", { className: "panel" }, h("h2", {}, "Problems ", this.count), this.problems), this.tables);
    this.timer = setInterval(() => this.look(), 5000);
    this.look();
    this.find();
  }
  async find() {
    try {
      const { pvs } = await ask("/pvs?limit=200&search=RB.");
      const own = pvs.filter((pv) => pv.path.startsWith("RB."));
      const rank = (pv) => (TILES.indexOf(pv.path.split(".")[1]) + 1 || 99);
      own.sort((a, b) => rank(a) - rank(b));
      if (own.length) this.tables.replaceChildren((this.table = new Table("The server itself", own)).element);
    } catch {
      // the problems say it
    }
  }
  async look() {
    const found = await problems();
    if (!found) return;
    this.count.textContent = String(found.length);
    this.problems.replaceChildren(...(found.length ? found.map((text) => h("li", {}, text)) : [h("li", { className: "good" }, "None.")]));
  }
  tick() {
    this.table?.tick();
  }
  end() {
    clearInterval(this.timer);
    this.table?.end();
  }
}

// Fetch the problems, and show their number at the top.
export async function problems() {
  try {
    const { problems: found } = await ask("/problems");
    $("problem-count").hidden = !found.length;
    $("problem-count").textContent = String(found.length);
    return found;
  } catch {
    return null;
  }
}
