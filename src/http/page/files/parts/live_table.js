// A table of things that change while they are looked at: a row stays the same element as long as its thing is there,
// and a cell is made anew only when it shows something else. In a narrow window each row is a card, so the cells have
// their column's title; the roles are said, as elements that are laid out in another way lose them.

import {el, fill} from "../base/dom.js";
import {piece} from "./piece.js";

/** @typedef {import("../base/dom.js").Child} Child */

/**
 * @template Row
 * @typedef {object} LiveColumn
 * @property {string} title
 * @property {(row: Row) => any} shows what the cell shows, as JSON can tell it apart
 * @property {(shown: any) => Child | Child[]} cell
 * @property {boolean} [isNumber]
 * @property {boolean} [isHeading]
 */

/**
 * @template Row
 * @param {string} caption
 * @param {LiveColumn<Row>[]} columns
 * @param {(row: Row) => string} idOf
 * @returns {{element: HTMLElement, show: (rows: Row[]) => void}}
 */
export function liveTable(caption, columns, idOf) {
  const body = el("tbody", {role: "rowgroup"});
  const element = el("div", {class: "table-scroll", role: "region", "aria-label": `${caption} (table)`, tabindex: 0},
    el("table", {class: "cards", role: "table"},
      el("caption", {}, caption),
      el("thead", {role: "rowgroup"}, el("tr", {role: "row"}, columns.map(({title, isNumber}) =>
        el("th", {scope: "col", role: "columnheader", class: isNumber ? "number" : null}, title)))),
      body));
  /** @type {Map<string, {element: HTMLElement, show: (row: Row) => void}>} */
  const shown = new Map();

  function newRow() {
    const cells = columns.map(({title, isNumber, isHeading, cell}) => {
      const place = el("div", {class: "cell"});
      const attributes = {class: isNumber ? "number" : null, "data-label": title};
      return {
        cell: isHeading ? el("th", {scope: "row", role: "rowheader", ...attributes}, place)
          : el("td", {role: "cell", ...attributes}, place),
        show: piece(place, cell),
      };
    });
    return {
      element: el("tr", {role: "row"}, cells.map(({cell}) => cell)),
      show: (/** @type {Row} */ row) => columns.forEach((column, index) => cells[index]?.show(column.shows(row))),
    };
  }

  return {
    element,
    show(rows) {
      const wanted = new Set(rows.map(idOf));
      for (const [id, row] of shown) {
        if (wanted.has(id)) continue;
        if (row.element.contains(document.activeElement)) element.focus();
        row.element.remove();
        shown.delete(id);
      }
      for (const row of rows) {
        const id = idOf(row);
        const entry = shown.get(id) ?? newRow();
        shown.set(id, entry);
        entry.show(row);
      }
      arrange(body, rows.map((row) => /** @type {{element: HTMLElement}} */ (shown.get(idOf(row))).element));
    },
  };
}

/**
 * Brings rows into their order. While focus is among them those that are there stay where they are, as nobody wants a
 * link to run away; new ones go before those that they belong before.
 * @param {HTMLElement} body
 * @param {HTMLElement[]} rows
 */
function arrange(body, rows) {
  const held = body.contains(document.activeElement);
  /** @type {HTMLElement | null} */
  let next = null;
  for (const row of [...rows].reverse()) {
    const stays = held && row.parentElement === body;
    if (!stays && (row.parentElement !== body || row.nextElementSibling !== next)) body.insertBefore(row, next);
    next = row;
  }
  if (rows.length === 0) fill(body);
}
