// The state of an import in words. Rows are those of the view connector.imports.

import {runningState} from "./run_words.js";
import {cancelled} from "./sync_state.js";

/** @typedef {Record<string, any>} Row */
/** @typedef {import("./sync_state.js").Told} Told */

/** Number of cdb_error_codes(): the table was there, and the request said skip. */
const skipped = 1022;

/** Whether it waits or runs. @param {Row} row */
export function isUnfinished(row) {
  return row.state === "enqueued" || row.state === "uploading";
}

/** How it ended. @param {Row} row @returns {Told & {rows: number | null}} */
export function importEnd(row) {
  const at = row.ended_at ?? null;
  if (isUnfinished(row)) return {state: "none", text: "Not yet", at: null, rows: null};
  if (row.state === "failure") {
    return row.error_code === cancelled
      ? {state: "warning", text: "Cancelled", at, rows: null}
      : {state: "failure", text: "Failed", at, rows: null};
  }
  if (row.error_code === skipped) return {state: "warning", text: "Skipped: the table was there", at, rows: null};
  const rows = row.rows ?? null;
  if (row.warnings || row.problem) return {state: "warning", text: "Complete with warnings", at, rows};
  return {state: "success", text: "Complete", at, rows};
}

/** What goes on now. @param {Row} row @param {Row | undefined} running @returns {Told} */
export function importPresent(row, running) {
  if (running) return runningState(running);
  if (row.state === "uploading") return {state: "running", text: "Running"};
  if (row.state === "enqueued") return {state: "waiting", text: "Waits for a worker"};
  return {state: "none", text: "Nothing"};
}

/** What it is called: the table, or what was read where there is none. @param {Row} row */
export function importName(row) {
  return row.table_name ?? row.source ?? "Import";
}
