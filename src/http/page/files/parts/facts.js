// Names and values beneath each other, which change while they are looked at.

import {el, fill} from "../base/dom.js";
import {piece} from "./piece.js";

/** @typedef {import("../base/dom.js").Child} Child */
/** A name and its value; where the value is not just a text, how it is shown. Left out if the value is null or "".
 * @typedef {[label: string, value: unknown, render?: (value: any) => Child | Child[]]} Fact */

/** @returns {{element: HTMLElement, show: (facts: Fact[]) => void}} */
export function facts() {
  const element = el("dl", {class: "facts"});
  /** @type {Map<string, {row: HTMLElement, show: (value: unknown) => void}>} */
  let rows = new Map();
  return {
    element,
    show(list) {
      const told = list.filter(([, value]) => value !== null && value !== undefined && value !== "");
      const labels = told.map(([label]) => label);
      if (labels.join("\n") !== [...rows.keys()].join("\n")) {
        rows = new Map(told.map(([label, , render]) => rows.has(label) ? [label, /** @type {any} */ (rows.get(label))] : row(label, render)));
        fill(element, [...rows.values()].map((entry) => entry.row));
      }
      for (const [label, value] of told) rows.get(label)?.show(value);
    },
  };
}

/** @param {string} label @param {(value: any) => Child | Child[]} [render]
 * @returns {[string, {row: HTMLElement, show: (value: unknown) => void}]} */
function row(label, render = (value) => String(value)) {
  const value = el("dd");
  return [label, {row: el("div", {}, el("dt", {}, label), value), show: piece(value, render)}];
}
