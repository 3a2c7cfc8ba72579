// What cdb_connector_dry_run() tells: columns here and there, what is left out, the first rows.

import {el} from "../base/dom.js";
import {count, counted} from "../base/format.js";
import {noticePanel} from "./notice_panel.js";
import {remoteText} from "./remote_text.js";
import {table} from "./table.js";

/**
 * @typedef {object} DryRunColumn
 * @property {string | null} remote_name null: added here
 * @property {string | null} remote_type
 * @property {string | null} name null: left out
 * @property {string | null} type
 * @property {boolean} [not_null]
 * @property {string} [left_out]
 */

/**
 * @typedef {object} DryRun
 * @property {string} table_name
 * @property {DryRunColumn[]} columns
 * @property {string[]} primary_key
 * @property {number | null} estimated_rows
 * @property {{mode: string, reason: string | null} | null} refresh how a table that is there would get the rows
 * @property {Record<string, string | null>[]} rows
 * @property {Record<string, any> | null} warnings
 * @property {string[]} [notices]
 */

/** A value of the first rows; longer ones are cut until somebody asks. */
const longestValue = 120;

/** What `warnings` count, by column. @type {Record<string, string>} */
const countedValues = {
  invalid_values: "Values that would become NULL, as the type can't hold them",
  zero_dates: "Zero or partial dates that would become NULL",
  tinyint1: "Numbers other than 0 and 1 that would become true",
  nested_text: "Nested values that would become text",
  rounded_times: "Times that would be rounded to microseconds",
  cut_values: "Long values, of which the preview shows the beginning",
};

/** @param {DryRun} dry */
export function dryRun(dry) {
  const used = dry.columns.filter(({name}) => name !== null);
  const leftOut = dry.columns.filter(({name}) => name === null);
  const columns = table("Columns", /** @type {import("./table.js").Column<DryRunColumn>[]} */ ([
    {title: "Remote name", cell: ({remote_name: name}) => name === null ? soft("added here") : remoteText(name), isHeading: true},
    {title: "Remote type", cell: ({remote_type: type}) => remoteText(type)},
    {title: "Name", cell: ({name}) => remoteText(name)},
    {title: "Type", cell: ({type, not_null: notNull}) => [remoteText(type), notNull ? soft(" not null") : null]},
  ]));
  columns.show(used);
  columns.element.classList.add("values");
  const rows = table("First rows", used.map(({name, type}) => ({
    title: name ?? "",
    cell: (/** @type {Record<string, string | null>} */ row) => value(row[name ?? ""]),
    isNumber: /^(smallint|integer|bigint|numeric|real|double)/.test(type ?? ""),
  })));
  rows.show(dry.rows);
  rows.element.classList.add("values");
  return el("div", {},
    dry.notices ? noticePanel(dry.notices) : null,
    el("dl", {class: "summary"},
      pair("Rows", dry.estimated_rows === null ? "not known" : `about ${counted(dry.estimated_rows, "row")}`),
      pair("Primary key", dry.primary_key.length === 0 ? "none" : remoteText(dry.primary_key.join(", "))),
      warnings(dry.warnings)),
    dry.refresh === null ? null : el("p", {class: "notice"}, alreadyThere(dry)),
    columns.element,
    leftOut.length === 0 ? null : el("section", {},
      el("h2", {}, "Left out"),
      el("ul", {}, leftOut.map(({remote_name: name, remote_type: type, left_out: reason}) =>
        el("li", {}, el("strong", {}, remoteText(name)), " (", remoteText(type), "): ", remoteText(reason))))),
    dry.rows.length === 0 ? el("p", {}, "There are no rows.") : rows.element);
}

/** @param {string} term @param {import("../base/dom.js").Child} description */
function pair(term, description) {
  return el("div", {}, el("dt", {}, term), el("dd", {}, description));
}

/** @param {string} text */
function soft(text) {
  return el("span", {class: "soft"}, text);
}

/** @param {string | null | undefined} text */
function value(text) {
  if (text === null || text === undefined) return el("span", {class: "null"}, "NULL");
  if (text === "") return el("span", {class: "soft"}, "empty text");
  return remoteText(text, {limit: longestValue});
}

/** @param {Record<string, any> | null} all */
function warnings(all) {
  return Object.entries(all ?? {}).map(([key, what]) => {
    const byColumn = typeof what === "object" && what !== null && !Array.isArray(what);
    const text = byColumn
      ? Object.entries(what).map(([column, number]) => `${column}: ${typeof number === "number" ? count(number) : number}`).join(", ")
      : Array.isArray(what) ? what.map((one) => typeof one === "string" ? one : one?.message ?? JSON.stringify(one)).join("; ") : String(what);
    return pair(countedValues[key] ?? key.replaceAll("_", " "), remoteText(text));
  });
}

/** @param {DryRun} dry @returns {import("../base/dom.js").Child[]} */
function alreadyThere({table_name: name, refresh}) {
  return ["A table of yours has this name already: ", el("strong", {}, remoteText(name)),
    ". Its rows could be replaced in place",
    refresh === null ? null : [` (by ${refresh.mode}`, refresh.reason === null ? null : [": ", remoteText(refresh.reason)], ")"],
    "; or choose below what else to do.",
  ].flat(2);
}
