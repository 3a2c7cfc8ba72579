// Times: short where they stand, exact in the title and for programs.

import {el} from "../base/dom.js";
import {exactTime, shortTime} from "../base/format.js";

/** @param {string} iso @param {string} [text] the short time unless given */
export function time(iso, text = shortTime(iso)) {
  return el("time", {datetime: iso, title: exactTime(iso)}, text);
}

/** Words with a time among them. @param {import("../base/sync_state.js").Schedule} schedule
 * @returns {import("../base/dom.js").Child[]} */
export function withTime({before, at, after}) {
  return [before, at === null ? null : " ", at === null ? null : time(at), after];
}
