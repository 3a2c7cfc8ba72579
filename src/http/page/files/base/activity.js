// What GET api/v1/activity answers: which rows are shown in which order, and what has ended between two answers.

import {counted} from "./format.js";
import {importEnd, isUnfinished} from "./import_state.js";
import {isDue, isFailing, isRunning, lastFinished} from "./sync_state.js";

/** @typedef {Record<string, any>} Row */

/**
 * @typedef {object} Activity
 * @property {string} now
 * @property {boolean} scheduler whether due syncs are run by themselves
 * @property {number} max_retries
 * @property {Row[]} syncs
 * @property {number} syncs_total
 * @property {Row[]} imports
 * @property {number} imports_total
 * @property {Row[]} running rows of connector.progress
 * @property {Row | null} [first_import] of the sync that was asked for, as long as it is remembered
 */

/** @typedef {"all" | "failing" | "running" | "paused"} Filter */

/** The row of connector.progress of a sync or an import. @param {Row[]} running @param {string} id */
export function runOf(running, id) {
  return running.find((row) => row.id === id && row.kind !== "batch");
}

/** @param {Activity} activity @param {Row} sync @param {Filter} filter */
function syncPasses(activity, sync, filter) {
  switch (filter) {
    case "failing": return isFailing(sync);
    case "running": return isRunning(sync, runOf(activity.running, sync.id)) || sync.state === "queued";
    case "paused": return Boolean(sync.paused);
    default: return true;
  }
}

/** @param {Row} row @param {Filter} filter */
function importPasses(row, filter) {
  switch (filter) {
    case "failing": return importEnd(row).state === "failure";
    case "running": return isUnfinished(row);
    case "paused": return false;
    default: return true;
  }
}

/** Failing ones first, then those that run, then the newest. @param {Activity} activity @param {Filter} [filter] */
export function syncsToShow(activity, filter = "all") {
  const rank = (/** @type {Row} */ sync) =>
    isFailing(sync) ? 0 : isRunning(sync, runOf(activity.running, sync.id)) || sync.state === "queued" ? 1 : 2;
  return activity.syncs.filter((sync) => syncPasses(activity, sync, filter))
    .sort((one, other) => rank(one) - rank(other) || newestFirst(one, other));
}

/** Those that wait or run first, then the newest. @param {Activity} activity @param {Filter} [filter] */
export function importsToShow(activity, filter = "all") {
  return activity.imports.filter((row) => importPasses(row, filter))
    .sort((one, other) => Number(isUnfinished(other)) - Number(isUnfinished(one)) || newestFirst(one, other));
}

/** @param {Activity} activity @param {Filter} filter */
export function numberOf(activity, filter) {
  return syncsToShow(activity, filter).length + importsToShow(activity, filter).length;
}

/** @param {Row} one @param {Row} other */
function newestFirst(one, other) {
  const first = String(other.created_at ?? "");
  const second = String(one.created_at ?? "");
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Whether looks should come each second: something runs, or is about to. @param {Activity} activity */
export function isBusy(activity) {
  return activity.running.length > 0 || activity.imports.some(isUnfinished) ||
    activity.syncs.some((sync) => sync.state === "syncing" || sync.state === "queued" ||
      (activity.scheduler && isDue(sync, activity.now)));
}

/** Whether the same runs go on as in the activity, so that their progress is all that is new.
 * @param {Activity} activity @param {Row[]} running */
export function sameRuns(activity, running) {
  const ids = (/** @type {Row[]} */ rows) => rows.map(({kind, id}) => `${kind} ${id}`).sort().join();
  return ids(activity.running) === ids(running);
}

/**
 * What has ended since, for those who can't see it: `orders: refresh failed`.
 * @param {Activity} before
 * @param {Activity} after
 * @returns {string[]}
 */
export function endsBetween(before, after) {
  const syncs = new Map(before.syncs.map((sync) => [sync.id, sync]));
  const imports = new Map(before.imports.map((row) => [row.item_queue_id, row]));
  const told = [];
  for (const sync of after.syncs) {
    const earlier = syncs.get(sync.id);
    if (!earlier || !sync.last_ended_at || earlier.last_ended_at === sync.last_ended_at) continue;
    told.push(`${sync.table_name}: ${endText("refresh", lastFinished(sync))}`);
  }
  for (const row of after.imports) {
    const earlier = imports.get(row.item_queue_id);
    if (!earlier || !isUnfinished(earlier) || isUnfinished(row)) continue;
    told.push(`${row.table_name ?? row.source ?? "import"}: ${endText("import", importEnd(row))}`);
  }
  return told.length > 3 ? [`${told.length} runs ended`, ...told.filter((text) => text.includes("failed")).slice(0, 3)] : told;
}

/** @param {string} what @param {{text: string, rows: number | null}} end */
function endText(what, {text, rows}) {
  return `${what} ${text.toLowerCase()}${rows === null ? "" : `, ${counted(rows, "row")}`}`;
}

/**
 * The newest runs, and of those that are shown already the older ones.
 * @param {Row[]} shown newest first
 * @param {Row[]} newest newest first, without a gap
 * @returns {Row[]}
 */
export function mergedRuns(shown, newest) {
  const fresh = new Set(newest.map(({id}) => id));
  const oldest = newest[newest.length - 1]?.started_at ?? "";
  return [...newest, ...shown.filter(({id, started_at: started}) => !fresh.has(id) && String(started) <= oldest)];
}
