// What the database said beside an answer: NOTICE and WARNING.

import {el} from "../base/dom.js";
import {remoteText} from "./remote_text.js";

/** @param {string[]} notices */
export function noticePanel(notices) {
  return el("section", {class: "notice", "aria-label": "Notices"},
    notices.map((text) => el("p", {}, remoteText(text, {limit: 2000}))));
}
