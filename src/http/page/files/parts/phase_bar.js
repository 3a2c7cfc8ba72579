// The phases of a run as parts of a bar; the text beside it says the same, so it is hidden from screen readers.

import {el} from "../base/dom.js";

/** The order of phases, for their colours. */
const order = ["connecting", "describing", "comparing checksums", "loading", "building indexes", "analyzing", "applying",
  "waiting for lock", "exchanging", "statement"];

/** @param {Record<string, number>} phaseMs milliseconds by phase */
export function phaseBar(phaseMs) {
  return el("div", {class: "phase-bar", "aria-hidden": "true"}, Object.entries(phaseMs).map(([phase, ms]) => {
    const part = el("span", {class: `phase-${order.indexOf(phase)}`, title: phase});
    part.style.flexGrow = String(ms);
    return part;
  }));
}
