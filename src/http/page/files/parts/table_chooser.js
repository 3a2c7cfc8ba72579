// A list of remote tables to choose from. Of many it shows some, so that a list of ten thousand does not hold up the
// page; search and "All" are about all of them.

import {el, fill} from "../base/dom.js";
import {count, counted} from "../base/format.js";
import {field} from "./field.js";
import {visibleText} from "./remote_text.js";
import {table} from "./table.js";

/**
 * @typedef {object} RemoteTable
 * @property {string | null} schema
 * @property {string} name or a pattern
 * @property {string} kind
 * @property {number | null} estimated_rows
 */

const step = 200;
const longestName = 200;

/**
 * @param {(chosen: RemoteTable[]) => void} onChange
 * @returns {{element: HTMLElement, show: (tables: RemoteTable[]) => void, add: (table: RemoteTable) => void,
 *   chosen: () => RemoteTable[], clear: () => void}}
 */
export function tableChooser(onChange) {
  /** @type {RemoteTable[]} */
  let tables = [];
  /** By key, as a list that is asked for again keeps what was chosen. @type {Map<string, RemoteTable>} */
  const chosen = new Map();
  let shown = step;

  const search = el("input", {type: "search", autocomplete: "off", spellcheck: "false", on: {input: searchAnew}});
  const all = el("input", {type: "checkbox", on: {change: chooseAll}});
  const summary = el("p", {class: "hint"});
  const more = el("button", {type: "button", on: {click: showMore}}, "Show more");
  const list = table("Tables", /** @type {import("./table.js").Column<RemoteTable>[]} */ ([
    {title: "Table", cell: choice, isHeading: true},
    {title: "Schema", cell: ({schema}) => el("bdi", {}, visibleText(schema ?? ""))},
    {title: "Kind", cell: ({kind}) => visibleText(kind)},
    {title: "Estimated rows", cell: ({estimated_rows: rows}) => count(rows), isNumber: true},
  ]));
  const element = el("div", {class: "chooser"},
    field({label: "Search tables", input: search}).element,
    el("div", {class: "inline"}, field({label: "All", input: all}).element, summary),
    list.element, el("p", {}, more));

  /** @param {RemoteTable} one */
  const keyOf = (one) => JSON.stringify([one.schema, one.name]);

  /** @param {RemoteTable} one */
  function choice(one) {
    const box = el("input", {type: "checkbox", checked: chosen.has(keyOf(one)), on: {change: () => {
      if (box.checked) chosen.set(keyOf(one), one);
      else chosen.delete(keyOf(one));
      tell();
    }}});
    const name = one.name.length > longestName ? `${one.name.slice(0, longestName)}…` : one.name;
    return el("label", {class: "choice"}, box, el("bdi", {}, visibleText(name)));
  }

  function matching() {
    const text = search.value.trim().toLowerCase();
    return text === "" ? tables : tables.filter(({schema, name}) =>
      name.toLowerCase().includes(text) || (schema ?? "").toLowerCase().includes(text));
  }

  function render() {
    const found = matching();
    list.show(found.slice(0, shown));
    list.element.hidden = found.length === 0;
    more.hidden = found.length <= shown;
    fill(more, `Show ${count(Math.min(step, found.length - shown))} more`);
    tell(found);
  }

  function tell(found = matching()) {
    const here = found.filter((one) => chosen.has(keyOf(one))).length;
    all.checked = found.length > 0 && here === found.length;
    all.indeterminate = here > 0 && here < found.length;
    all.disabled = found.length === 0;
    const matches = search.value.trim() === "" ? counted(tables.length, "table")
      : `${count(found.length)} of ${counted(tables.length, "table")} match`;
    fill(summary, `${matches}, ${count(chosen.size)} chosen`);
    onChange([...chosen.values()]);
  }

  function searchAnew() {
    shown = step;
    render();
  }

  function chooseAll() {
    for (const one of matching()) {
      if (all.checked) chosen.set(keyOf(one), one);
      else chosen.delete(keyOf(one));
    }
    render();
  }

  function showMore() {
    const first = shown;
    shown += step;
    render();
    /** @type {HTMLElement | undefined} */ (list.element.querySelectorAll("tbody input")[first])?.focus();
  }

  // Enter in a search would send the form.
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });

  return {
    element,
    show(listed) {
      // What was added by name and what is chosen elsewhere stays in the list.
      const listedKeys = new Set(listed.map(keyOf));
      tables = [...[...chosen.values()].filter((one) => !listedKeys.has(keyOf(one))), ...listed];
      shown = step;
      render();
    },
    add(one) {
      chosen.set(keyOf(one), one);
      if (!tables.some((other) => keyOf(other) === keyOf(one))) tables = [one, ...tables];
      search.value = "";
      render();
    },
    chosen: () => [...chosen.values()],
    clear() {
      chosen.clear();
      tables = [];
      search.value = "";
      render();
    },
  };
}
