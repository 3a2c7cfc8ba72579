// One sync: how its last run ended, what goes on now, and what can be done about it.

import {endsBetween, isBusy, runOf} from "../base/activity.js";
import {curlCommand, syncSql} from "../base/commands.js";
import {el, fill} from "../base/dom.js";
import {count, duration} from "../base/format.js";
import {activityOf} from "../base/one_activity.js";
import {setTitle} from "../base/router.js";
import {whoAmI} from "../base/session.js";
import {canCancel, failingText, lastFinished, nextRun, presentState, rhythm, tableOf} from "../base/sync_state.js";
import {sizeText} from "../base/run_words.js";
import {announce} from "../parts/announce.js";
import {errorPanel} from "../parts/error_panel.js";
import {facts} from "../parts/facts.js";
import {follow} from "../parts/live_line.js";
import {hasNotes, notes} from "../parts/notes.js";
import {piece} from "../parts/piece.js";
import {remoteText, visibleText} from "../parts/remote_text.js";
import {requestView} from "../parts/request_view.js";
import {runPanel} from "../parts/run_panel.js";
import {section} from "../parts/section.js";
import {time, withTime} from "../parts/time.js";
import {toldState} from "../parts/told.js";
import {syncActions} from "./sync_actions.js";
import {history} from "./sync_history.js";
import {unknownText} from "./unknown.js";

/** @typedef {Record<string, any>} Row */
/** @typedef {import("../base/activity.js").Activity} Activity */

/** @type {import("../base/router.js").Show} */
export async function show(root, {id = ""}, left) {
  const who = await whoAmI();
  /** @type {Activity | null} */
  let before = null;
  /** @type {() => Promise<void>} */
  let lookNow = async () => {};
  const line = el("p");
  const content = el("div");
  const parts = syncParts(who.user, id, left, () => lookNow());

  /** @param {Activity | null} activity @returns {import("../parts/live_line.js").Pace} */
  function showSync(activity) {
    const sync = activity?.syncs.find((row) => row.id === id);
    if (!activity || !sync) {
      fill(content, unknownText("sync", before !== null));
      return "gone";
    }
    if (before === null) fill(content, parts.elements);
    else announceEnds(before, activity);
    before = activity;
    setTitle(visibleText(sync.table_name));
    parts.show(sync, activity);
    return isBusy(activity) ? "busy" : "quiet";
  }

  lookNow = await follow({
    ask: () => activityOf(id, left),
    show: showSync,
    line,
    left,
  });
  fill(root, line, content);
}

/** @param {Activity} before @param {Activity} after */
function announceEnds(before, after) {
  const ends = endsBetween(before, after);
  if (ends.length > 0) announce(ends.join(". "));
}

/**
 * The screen's parts, each of which changes only if what it shows does.
 * @param {string} user
 * @param {string} id
 * @param {AbortSignal} left
 * @param {() => Promise<void>} lookNow
 */
function syncParts(user, id, left, lookNow) {
  const subtitle = el("p", {class: "subtitle"});
  const actions = syncActions(id, left, lookNow);

  const lastLine = el("p", {class: "headline"});
  const lastFacts = facts();
  const last = section("Last finished", lastLine, lastFacts.element);

  const nowLine = el("p", {class: "headline"});
  const nowText = el("p", {class: "soft"});
  const panel = runPanel();
  const cancelPlace = el("p", {class: "actions"}, actions.cancel);
  const now = section("Now", nowLine, nowText, panel.element, cancelPlace);

  const errorPlace = el("div");
  const error = section("Error", errorPlace);
  const notesPlace = el("div");
  const warnings = section("Warnings", notesPlace);

  const scheduleFacts = facts();
  const schedule = section("Schedule", scheduleFacts.element);
  const past = history(id, left);
  const requestPlace = el("div");
  const request = section("Request", requestPlace);

  const showSubtitle = piece(subtitle, (/** @type {Row} */ {table, source, server, provider, name, role}) => [
    "Table ", remoteText(table), " from ", remoteText(source), " on ", remoteText(server), ` (${provider})`,
    name ? [", sync ", remoteText(name)] : null, role ? [", of role ", remoteText(role)] : null,
  ].flat());
  const showLast = piece(lastLine, toldState);
  const showNow = piece(nowLine, toldState);
  const showError = piece(errorPlace, errorPanels);
  const showNotes = piece(notesPlace, notes);
  const showRequest = piece(requestPlace, (/** @type {{request: Row, interval: number}} */ shown) => requestView(shown.request, {
    curl: () => curlCommand({user, method: "POST", path: "api/v1/synchronizations",
      body: {connector: shown.request, interval: shown.interval}}),
    sql: () => syncSql(shown.request, shown.interval),
  }));

  /** @param {Row} sync @param {Row | null | undefined} firstImport is forgotten after some time */
  function showNoted(sync, firstImport) {
    const noted = {warnings: sync.warnings, changes: sync.schema_changes, skipped: firstImport?.skipped_columns ?? null,
      problem: firstImport?.problem ?? null};
    warnings.hidden = !hasNotes(noted);
    showNotes(noted);
  }

  /** @param {Row} sync @param {Activity} activity */
  function showPresent(sync, activity) {
    const running = runOf(activity.running, sync.id);
    const told = presentState(sync, running, activity.now, activity.scheduler);
    nowLine.hidden = running !== undefined;
    panel.element.hidden = running === undefined;
    if (running) panel.show(running, activity.now);
    showNow(told);
    nowText.textContent = told.state === "running" && !running
      ? "No process is seen that does it. If it has died, the run is recorded as lost by whoever comes next, and tried again."
      : "";
    nowText.hidden = nowText.textContent === "";
    const cancellable = sync.may_change !== false && canCancel(sync, running, activity.now);
    if (!cancellable && cancelPlace.contains(document.activeElement)) now.querySelector("h2")?.focus();
    cancelPlace.hidden = !cancellable;
  }

  return {
    elements: [subtitle, actions.element, el("div", {class: "pair-of-cards"}, last, now), error, warnings, schedule,
      past.element, request],
    /** @param {Row} sync @param {Activity} activity */
    show(sync, activity) {
      const running = runOf(activity.running, sync.id);
      showSubtitle({
        table: tableOf(sync), source: sync.source, server: sync.server, provider: sync.provider,
        name: sync.name === tableOf(sync) ? null : sync.name,
        role: sync.role_name === user ? null : sync.role_name,
      });
      actions.show(sync, running);
      showLast(lastFinished(sync));
      lastFacts.show([
        ["Took", duration(sync.last_duration ?? null)],
        ["Done by", sync.last_mode],
        ["Failing", failingText(sync), withTime],
        ["Last success", sync.ran_at, (iso) => time(iso)],
        ["Runs", sync.successes + sync.failures > 0 ? `${count(sync.successes)} succeeded, ${count(sync.failures)} failed` : null],
      ]);
      showPresent(sync, activity);
      const failures = failuresOf(sync);
      error.hidden = failures.length === 0;
      showError(failures);
      showNoted(sync, activity.first_import);
      scheduleFacts.show([
        ["Runs", rhythm(sync)],
        ["Next", nextRun(sync, running, activity), withTime],
        ["Paused", sync.paused ? "yes: it runs only when asked for" : null],
        ["After a run", sync.statements_role ? `a statement runs as role ${sync.statements_role}` : null],
        ["Made", sync.created_at, (iso) => time(iso)],
        ["By itself", activity.scheduler ? null : "no: something has to CALL cdb_run_due_syncs()"],
      ]);
      showRequest({request: sync.request, interval: sync.interval});
      past.update(`${sync.log_id} ${sync.last_ended_at} ${sync.state}`);
    },
  };
}

/** What failed in the last run: the run itself, and the statement after it. @param {Row} sync */
function failuresOf(sync) {
  const failures = [];
  if (sync.last_error_message) {
    const title = lastFinished(sync).state === "failure" ? "The last run failed" : "The last run was cancelled";
    failures.push({title, message: sync.last_error_message, detail: sync.last_error_detail,
      hint: sync.last_error_hint, errorCode: sync.last_error_code, sqlstate: sync.last_sqlstate});
  }
  if (sync.statement_error) failures.push({title: "The statement after the run failed", message: sync.statement_error});
  return failures;
}

/** They are there since before somebody came, or are announced in short: not read out in full.
 * @param {(import("../parts/error_panel.js").Failure & {title: string})[]} failures */
function errorPanels(failures) {
  return failures.map((failure) => errorPanel(failure, {title: failure.title, alert: false}));
}
