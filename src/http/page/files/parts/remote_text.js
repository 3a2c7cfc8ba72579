// Texts that come from elsewhere: names, values and messages of remote databases. They are shown as they are, as text:
// what has no picture of its own (control characters, and those that turn the direction of writing) is written out, a
// text can't run into its neighbours, and a long one is cut until somebody asks for the rest.

import {el, fill} from "../base/dom.js";
import {count} from "../base/format.js";

const invisible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** The text with characters that can't be seen written as `‹U+202E›`. @param {string} text */
export function visibleText(text) {
  return text.replace(invisible, (character) =>
    `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}›`);
}

/**
 * @param {string | null | undefined} text
 * @param {{limit?: number}} [options] how many characters are shown at first, 300 unless given
 * @returns {HTMLElement}
 */
export function remoteText(text, {limit = 300} = {}) {
  const whole = text ?? "";
  const element = el("bdi", {class: "remote-text"});
  if (whole.length <= limit) {
    fill(element, visibleText(whole));
    return element;
  }
  // A character beyond U+FFFF is two units, which are not parted.
  const end = /[\ud800-\udbff]/.test(whole.charAt(limit - 1)) ? limit - 1 : limit;
  const more = el("button", {type: "button", class: "link", on: {click: () => fill(element, visibleText(whole))}},
    `show all ${count(whole.length)} characters`);
  fill(element, visibleText(whole.slice(0, end)), "… ", more);
  return element;
}
