// A part of a screen with a heading, which screen readers list among the page's regions.

import {el, freshId} from "../base/dom.js";

/**
 * @param {string} title
 * @param {...(import("../base/dom.js").Child | import("../base/dom.js").Child[])} content
 */
export function section(title, ...content) {
  const id = freshId();
  return el("section", {"aria-labelledby": id}, el("h2", {id, tabindex: -1}, title), ...content);
}
