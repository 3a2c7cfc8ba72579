// What should be known of an import or a refresh that went well: warnings, changes of columns, columns left out.

import {el} from "../base/dom.js";
import {counted} from "../base/format.js";
import {schemaChangeTexts, warningTexts} from "../base/run_words.js";
import {remoteText} from "./remote_text.js";
import {table} from "./table.js";

/** @typedef {Record<string, any>} Row */
/** @typedef {{warnings: any, changes: any, skipped: Row[] | null, problem: string | null}} Noted */

/** @param {string | null} title @param {string[]} texts */
function list(title, texts) {
  if (texts.length === 0) return null;
  return el("div", {class: "notice"}, title === null ? null : el("h3", {}, title),
    el("ul", {}, texts.map((text) => el("li", {}, remoteText(text)))));
}

/** @param {Row[] | null} skipped `name`, `type`, `reason` of columns */
function leftOut(skipped) {
  if (!skipped || skipped.length === 0) return null;
  const columns = table("Columns that were left out", [
    {title: "Column", isHeading: true, cell: (/** @type {Row} */ column) => remoteText(column.name)},
    {title: "Type", cell: (column) => remoteText(column.type)},
    {title: "Reason", cell: (column) => remoteText(column.reason)},
  ]);
  columns.show(skipped);
  return el("details", {open: skipped.length <= 10},
    el("summary", {}, `Left out: ${counted(skipped.length, "column")}`), columns.element);
}

/** @param {Noted} noted */
export function notes({warnings, changes, skipped, problem}) {
  return [
    list(null, [...warningTexts(warnings), ...(problem ? [`A foreign key of the source was not added: ${problem}`] : [])]),
    list("The source's columns changed, and the table followed", schemaChangeTexts(changes)),
    leftOut(skipped),
  ];
}

/** @param {Noted} noted */
export function hasNotes({warnings, changes, skipped, problem}) {
  return Boolean(warnings) || Boolean(changes) || Boolean(problem) || (skipped?.length ?? 0) > 0;
}
