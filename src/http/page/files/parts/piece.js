// A piece of a screen that is looked at again and again: it is made anew only when what it shows has changed, so that
// focus, a selection and what has been opened stay as they are.

import {fill} from "../base/dom.js";

/** @typedef {import("../base/dom.js").Child} Child */

/**
 * @template Shown something that JSON can tell apart
 * @param {Element} element
 * @param {(shown: Shown) => Child | Child[]} render
 * @returns {(shown: Shown) => void}
 */
export function piece(element, render) {
  /** @type {string | undefined} */
  let before;
  return (shown) => {
    const text = JSON.stringify(shown);
    if (text === before) return;
    before = text;
    fill(element, [render(shown)].flat());
  };
}
