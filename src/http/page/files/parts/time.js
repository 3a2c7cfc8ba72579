// Times: short where they stand, exact in the title and for programs.

import {el, fill} from "../base/dom.js";
import {exactTime, shortTime} from "../base/format.js";

/** @param {string} iso */
export function time(iso) {
  return el("time", {datetime: iso, title: exactTime(iso)}, shortTime(iso));
}

/** The short time of today is another one tomorrow: tells those that stand there anew when a day has begun. */
export function followDays() {
  let day = new Date().toDateString();
  setInterval(() => {
    const now = new Date().toDateString();
    if (now === day) return;
    day = now;
    for (const element of document.querySelectorAll("time")) fill(element, shortTime(element.dateTime));
  }, 60_000);
}

/** Words with a time among them. @param {import("../base/sync_state.js").Schedule} schedule
 * @returns {import("../base/dom.js").Child[]} */
export function withTime({before, at, after}) {
  return [before, at === null ? null : " ", at === null ? null : time(at), after];
}
