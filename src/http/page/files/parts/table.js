// A table that scrolls within itself where it is too wide, by keyboard as well.

import {el, fill} from "../base/dom.js";

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => import("../base/dom.js").Child | import("../base/dom.js").Child[]} cell
 * @property {boolean} [isNumber] aligned at the right
 * @property {boolean} [isHeading] the cell names its row
 */

/**
 * @template Row
 * @param {string} caption
 * @param {Column<Row>[]} columns
 * @returns {{element: HTMLElement, show: (rows: Row[]) => void}}
 */
export function table(caption, columns) {
  const body = el("tbody");
  const element = el("div", {class: "table-scroll", role: "region", "aria-label": caption, tabindex: 0},
    el("table", {},
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, columns.map(({title, isNumber}) =>
        el("th", {scope: "col", class: isNumber ? "number" : null}, title)))),
      body));
  return {
    element,
    show(rows) {
      fill(body, rows.map((row) => el("tr", {}, columns.map(({cell, isNumber, isHeading}) => {
        const attributes = {class: isNumber ? "number" : null};
        const content = [cell(row)].flat();
        return isHeading ? el("th", {scope: "row", ...attributes}, content) : el("td", attributes, content);
      }))));
    },
  };
}
