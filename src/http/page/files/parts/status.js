// States in words, with a mark of another shape for each: never by colour alone.

import {el} from "../base/dom.js";

/** @type {Record<string, [mark: string, kind: string]>} */
const marks = {
  success: ["✓", "good"],
  failure: ["✕", "bad"],
  warning: ["!", "warning"],
  running: ["▶", "running"],
  waiting: ["…", "waiting"],
  paused: ["‖", "waiting"],
};

/**
 * @param {"success" | "failure" | "warning" | "running" | "waiting" | "paused"} state
 * @param {string} text
 */
export function status(state, text) {
  const [mark, kind] = marks[state] ?? ["", "waiting"];
  return el("span", {class: `status ${kind}`}, el("span", {class: "mark", "aria-hidden": "true"}, mark), text);
}
