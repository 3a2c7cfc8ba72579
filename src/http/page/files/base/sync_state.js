// The state of a sync in words: how the last run that ended did, what goes on now, and what comes next. The three never
// mix: a run that goes on takes nothing from what is known of the last one. Rows are those of the view connector.syncs.

import {count, counted, interval} from "./format.js";
import {runningState} from "./run_words.js";

/** @typedef {Record<string, any>} Row */

/**
 * @typedef {object} Told
 * @property {"success" | "failure" | "warning" | "running" | "waiting" | "paused" | "none"} state
 * @property {string} text
 * @property {string} [more] beside it
 * @property {string | null} [at] when it came to be so
 */

/** Words with a time among them. @typedef {{before: string, at: string | null, after: string}} Schedule */

/** Number of cdb_error_codes() of what somebody cancelled: it counts as no failure. */
export const cancelled = 6672;

/** How a run did. @param {Row} run a row of the view connector.runs @returns {Told} */
export function runResult(run) {
  if (run.state === "syncing") return {state: "running", text: "Running"};
  if (run.state === "failure") {
    return run.error_code === cancelled ? {state: "warning", text: "Cancelled"} : {state: "failure", text: "Failed"};
  }
  if (run.warnings || run.statement_error) return {state: "warning", text: "Succeeded with warnings"};
  return {state: "success", text: run.mode === "unchanged" ? "Nothing new" : "Succeeded"};
}

/** How the last run that ended did. @param {Row} sync @returns {Told & {rows: number | null}} */
export function lastFinished(sync) {
  if (!sync.last_state) return {state: "none", text: "No run has ended yet", at: null, rows: null};
  const result = runResult({state: sync.last_state, error_code: sync.last_error_code, warnings: sync.warnings,
    statement_error: sync.statement_error, mode: sync.last_mode});
  const hasRows = sync.last_state === "success" && sync.last_mode !== "unchanged";
  return {...result, at: sync.last_ended_at ?? null, rows: hasRows ? sync.last_rows ?? null : null};
}

/** Whether it is due, and nothing has begun yet. @param {Row} sync @param {string} now */
export function isDue(sync, now) {
  return !sync.paused && sync.state !== "syncing" && Boolean(sync.run_at) && Date.parse(sync.run_at) <= Date.parse(now);
}

/** Whether a run goes on. @param {Row} sync @param {Row | undefined} running */
export function isRunning(sync, running) {
  return running !== undefined || sync.state === "syncing";
}

/** Whether a run can be ended: one that goes on, or was asked for. @param {Row} sync @param {Row | undefined} running
 * @param {string} now */
export function canCancel(sync, running, now) {
  return isRunning(sync, running) || sync.state === "queued" || isDue(sync, now);
}

/** Whether to ask for a run would add one. @param {Row} sync @param {Row | undefined} running */
export function canRunNow(sync, running) {
  return !isRunning(sync, running) && sync.state !== "queued";
}

/**
 * What goes on now.
 * @param {Row} sync
 * @param {Row | undefined} running its row of connector.progress
 * @param {string} now the server's
 * @param {boolean} scheduler whether due syncs are run by themselves
 * @returns {Told}
 */
export function presentState(sync, running, now, scheduler) {
  if (running) return runningState(running);
  if (sync.state === "syncing") return {state: "running", text: "Running"};
  const asked = sync.state === "queued";
  if (asked || isDue(sync, now)) {
    const what = asked ? "Asked for" : "Due";
    return {state: "waiting", text: scheduler ? `${what}, waits for a worker` : `${what}, and nothing runs it`};
  }
  if (sync.paused) return {state: "paused", text: "Paused"};
  return {state: "none", text: "Idle"};
}

/** Whether the clock tries again after failures. @param {Row} sync */
function isRetried(sync) {
  return Boolean(sync.failing_since) && !sync.gave_up && Boolean(sync.run_at);
}

/** `every day at 02:00 Europe/Berlin` @param {Row} sync */
export function rhythm(sync) {
  const every = interval(sync.interval ?? null);
  return sync.at ? `${every} at ${sync.at}` : every;
}

/**
 * What the clock does next.
 * @param {Row} sync
 * @param {Row | undefined} running
 * @param {{now: string, max_retries: number}} activity
 * @returns {Schedule}
 */
export function nextRun(sync, running, {now, max_retries: maxRetries}) {
  const every = rhythm(sync);
  if (sync.paused) return {before: `${every}, paused`, at: null, after: ""};
  if (sync.gave_up) {
    const tries = sync.retried_times > 0 ? ` after ${sync.retried_times === 1 ? "1 try" : `${count(sync.retried_times)} tries`}` : "";
    const why = sync.retried_times < maxRetries ? ": to try again could not help" : "";
    return {before: `gave up${tries}${why}`, at: null, after: ""};
  }
  if (isRunning(sync, running)) {
    const which = sync.retried_times > 0 ? `try ${count(sync.retried_times + 1)} of ${count(maxRetries)} goes on` : "next after this run";
    return {before: `${every}, ${which}`, at: null, after: ""};
  }
  if (isDue(sync, now)) return {before: `${every}, due since`, at: sync.run_at, after: ""};
  if (isRetried(sync)) {
    // A denied login is tried again without being counted as a failure of the sync.
    const which = sync.retried_times > 0 ? `try ${count(sync.retried_times + 1)} of ${count(maxRetries)} at` : "tried again at";
    return {before: which, at: sync.run_at, after: ""};
  }
  return sync.run_at ? {before: `${every}, next`, at: sync.run_at, after: ""} : {before: every, at: null, after: ""};
}

/** Whether somebody should look at it: the last run failed, and was not just cancelled. @param {Row} sync */
export function isFailing(sync) {
  return Boolean(sync.failing_since) || Boolean(sync.gave_up) || lastFinished(sync).state === "failure";
}

/** `3 failures in a row`, with the time of the first. @param {Row} sync @returns {Schedule | null} */
export function failingText(sync) {
  if (!sync.failing_since) return null;
  const row = sync.retried_times > 1 ? `${counted(sync.retried_times, "failure")} in a row, since` : "failing since";
  return {before: row, at: sync.failing_since, after: ""};
}

/** Name of the table, with its schema. @param {Row} row of syncs, imports or progress */
export function tableOf(row) {
  if (!row.table_name) return row.source ?? "";
  return row.schema ? `${row.schema}.${row.table_name}` : row.table_name;
}
