// What runs say of themselves, in words: phases, progress, warnings, changes of columns. Rows are those of the views
// connector.progress and connector.runs.

import {count, counted, duration, size} from "./format.js";

/** @typedef {Record<string, any>} Row */

/** Seconds without a row, from which on that is worth a word. */
const silence = 10;

/** What each phase of connector.progress means. @type {Record<string, string>} */
const phases = {
  connecting: "dials the remote and logs in",
  describing: "asks for the source's columns",
  "comparing checksums": "looks for ranges of the key that differ",
  loading: "rows come",
  "building indexes": "on the new rows",
  analyzing: "collects statistics of the new rows",
  applying: "writes the difference to the table",
  "waiting for lock": "until nobody uses the table for a moment",
  exchanging: "puts the new rows in the place of the old ones",
  statement: "the run is over; its statement (on_success or on_failure) goes on",
};

/** `waiting for lock` → `Waiting for lock` @param {string} text */
export function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {string} phase */
export function phaseMeaning(phase) {
  return phases[phase] ?? "";
}

/** `1,234 of about 5,000 rows` @param {Row} running */
export function rowsOf(running) {
  const expected = running.expected_rows;
  return expected > 0 ? `${count(running.rows)} of about ${counted(expected, "row")}` : counted(running.rows ?? 0, "row");
}

/** What a run that goes on does: `Loading`, and `1,234 of about 5,000 rows, no row for 40 s`.
 * @param {Row} running @returns {{state: "running", text: string, more: string}} */
export function runningState(running) {
  const more = [running.rows > 0 ? rowsOf(running) : null, silenceText(running)].filter(Boolean).join(", ");
  return {state: "running", text: capitalized(running.phase || "running"), more};
}

/** Whole seconds, as they are counted while something goes on. @param {number} seconds */
export function wholeSeconds(seconds) {
  return seconds < 60 ? `${Math.floor(seconds)} s` : duration(Math.floor(seconds));
}

/** `no row for 40 s`; null while rows come, and in phases in which none are waited for. @param {Row} running */
export function silenceText(running) {
  const seconds = running.seconds_since_last_row;
  if (typeof seconds !== "number" || seconds < silence || running.phase !== "loading") return null;
  return `no row for ${wholeSeconds(seconds)}`;
}

/** Who is in the way: connector.progress.blocked_by, in which 0 is a prepared transaction. @param {Row} running */
export function blockedText(running) {
  /** @type {number[]} */
  const processes = running.blocked_by ?? [];
  if (processes.length === 0) return null;
  const backends = processes.filter((pid) => pid !== 0);
  const parts = [];
  if (backends.length > 0) parts.push(`process${backends.length === 1 ? "" : "es"} ${backends.join(", ")} (see pg_stat_activity)`);
  if (backends.length < processes.length) parts.push("a prepared transaction (see pg_prepared_xacts)");
  return parts.join(" and ");
}

/** How far the rows are, between 0 and 1; null where no end is known. @param {Row} running */
export function fractionOf(running) {
  if (!(running.expected_rows > 0)) return null;
  return Math.min(1, (running.rows ?? 0) / running.expected_rows);
}

/** `12,345 rows/s` while rows come. @param {Row} running */
export function rateText(running) {
  const rate = running.rows_per_second;
  return typeof rate === "number" && rate > 0 && running.phase === "loading" ? `${count(Math.round(rate))} rows/s` : null;
}

/** Seconds from one time to another, both as the server has them. @param {string | null} from @param {string | null} to */
export function secondsBetween(from, to) {
  if (!from || !to) return null;
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

/** `connecting 12 ms, loading 3.2 s`, the longest phases being worth a look. @param {Record<string, number> | null} phaseMs */
export function phasesText(phaseMs) {
  return Object.entries(phaseMs ?? {}).map(([phase, ms]) => `${phase} ${duration(ms / 1000)}`).join(", ");
}

/** `12 new`, `3 changed`, `1 gone`; `none` where all of them are known to be 0. @param {Row} run */
export function changeTexts(run) {
  const known = [[run.inserted, "new"], [run.updated, "changed"], [run.deleted, "gone"]]
    .filter(([number]) => number !== null && number !== undefined);
  const texts = known.filter(([number]) => number > 0).map(([number, word]) => `${count(number)} ${word}`);
  return known.length > 0 && texts.length === 0 ? ["none"] : texts;
}

/** @param {Record<string, number>} columns @returns {string} `"a" (3), "b" (1)` */
function columnCounts(columns) {
  return Object.entries(columns).map(([column, number]) => `"${column}" (${count(number)})`).join(", ");
}

/** What `warnings` of imports and runs can hold, in words. @type {Record<string, (value: any) => string[]>} */
const warningWords = {
  max_rows_per_connection: (limit) => [`Cut after ${counted(limit, "row")}: the source has more. Ask for a higher limit of rows (connector.max_rows, connector.role_limits), or raise max_rows of the request.`],
  invalid_values: (columns) => [`Values that the local type can't hold became NULL, in ${columnCounts(columns)}.`],
  zero_dates: (columns) => [`Zero and partial dates became NULL, in ${columnCounts(columns)}.`],
  tinyint1: (columns) => [`Numbers other than 0 and 1 became true, in ${columnCounts(columns)}.`],
  nested_text: (columns) => [`Values that the remote did not print as JSON became JSON strings, in ${columnCounts(columns)}.`],
  sent_row_by_row: (servers) => [`Each row was sent by a statement of its own to ${[servers].flat().join(", ")}: batch_size is 1 there.`],
  fewer_readers: (reason) => [`Fewer connections read the table than were asked for: ${reason}`],
  left_out: (list) => [list].flat().map((text) => `Not brought along: ${text}`),
  remote_warnings: (list) => list.map((/** @type {Row} */ warning) => {
    const times = warning.count > 1 ? ` (${count(warning.count)} times)` : "";
    return `The remote warned: ${warning.message}${warning.code ? ` (${warning.code})` : ""}${times}`;
  }),
};

/** @param {Record<string, any> | null | undefined} warnings @returns {string[]} */
export function warningTexts(warnings) {
  return Object.entries(warnings ?? {}).flatMap(([name, value]) => {
    const words = Object.hasOwn(warningWords, name) ? warningWords[name] : undefined;
    return words && value !== null ? words(value) : [`${name}: ${JSON.stringify(value)}`];
  });
}

/** @param {Row[] | null | undefined} changes connector.runs.schema_changes @returns {string[]} */
export function schemaChangeTexts(changes) {
  return (changes ?? []).map(({change, name, from, to}) => {
    switch (change) {
      case "column added": return `Column "${name}" of type ${to} was added.`;
      case "column dropped": return `Column "${name}" of type ${from} was dropped.`;
      case "type changed": return `Column "${name}" of type ${from} became ${to}.`;
      case "not null dropped": return `Column "${name}" lost NOT NULL.`;
      case "primary key dropped": return `Primary key "${name}" was dropped.`;
      default: return `${change}: ${name}`;
    }
  });
}

/** The first line of a message, cut. @param {string | null | undefined} text */
export function firstLine(text, limit = 160) {
  const line = (text ?? "").split("\n", 1)[0] ?? "";
  const characters = Array.from(line.slice(0, limit * 2));
  return characters.length > limit ? `${characters.slice(0, limit).join("")}…` : line;
}

/** `3.2 MB` or nothing for 0 and unknown. @param {number | null | undefined} bytes */
export function sizeText(bytes) {
  return bytes ? size(bytes) : "";
}
