// One import: what goes on, how it ended, and what to do next.

import {endsBetween, isBusy, runOf} from "../base/activity.js";
import {call} from "../base/api.js";
import {curlCommand, importSql} from "../base/commands.js";
import {el, fill} from "../base/dom.js";
import {count, duration} from "../base/format.js";
import {importEnd, importName, importPresent, isUnfinished} from "../base/import_state.js";
import {activityOf} from "../base/one_activity.js";
import {addressOf, go, setTitle, tellNext} from "../base/router.js";
import {secondsBetween, sizeText} from "../base/run_words.js";
import {whoAmI} from "../base/session.js";
import {tableOf} from "../base/sync_state.js";
import {actionButton, outcome} from "../parts/action.js";
import {announce} from "../parts/announce.js";
import {errorPanel, failureOf} from "../parts/error_panel.js";
import {facts} from "../parts/facts.js";
import {follow} from "../parts/live_line.js";
import {hasNotes, notes} from "../parts/notes.js";
import {piece} from "../parts/piece.js";
import {remoteText, visibleText} from "../parts/remote_text.js";
import {requestView} from "../parts/request_view.js";
import {runPanel} from "../parts/run_panel.js";
import {section} from "../parts/section.js";
import {time} from "../parts/time.js";
import {toldState} from "../parts/told.js";
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
  const parts = importParts(who.user, id, left, () => lookNow());

  /** @param {Activity | null} activity @returns {import("../parts/live_line.js").Pace} */
  function showImport(activity) {
    const row = activity?.imports.find((one) => one.item_queue_id === id);
    if (!activity || !row) {
      fill(content, unknownText("import", before !== null));
      return "gone";
    }
    if (before === null) {
      fill(content, parts.elements);
    } else {
      const ends = endsBetween(before, activity);
      if (ends.length > 0) announce(ends.join(". "));
    }
    before = activity;
    setTitle(visibleText(importName(row)));
    parts.show(row, activity);
    return isBusy(activity) ? "busy" : "quiet";
  }

  lookNow = await follow({
    ask: () => activityOf(id, left),
    show: showImport,
    line,
    left,
  });
  fill(root, line, content);
}

/** Whether its request can be given again: secrets are not in what the server shows. @param {Row} row */
function hasSavedServer(row) {
  return typeof row.request?.connection === "string";
}

/**
 * @param {string} user
 * @param {string} id
 * @param {AbortSignal} left
 * @param {() => Promise<void>} lookNow
 */
function importParts(user, id, left, lookNow) {
  const told = outcome();
  const subtitle = el("p", {class: "subtitle"});
  /** @type {Row} */
  let shown = {};

  const cancel = actionButton("Cancel import", async () => {
    const answer = await call("POST", `api/v1/imports/${encodeURIComponent(id)}/cancel`);
    told.say(answer?.cancelled === false ? "It has ended already." : "Asked the import to end.", answer?.notices);
    await lookNow();
  }, told);
  const again = actionButton("Import again", async () => {
    const answer = await call("POST", "api/v1/imports", {body: {connector: shown.request}});
    if (left.aborted) return;
    tellNext(answer.notices ?? []);
    go(`imports/${encodeURIComponent(answer.item_queue_id)}`);
  }, told);

  const resultLine = el("p", {class: "headline"});
  const resultFacts = facts();
  const result = section("Result", resultLine, resultFacts.element);
  const nowLine = el("p", {class: "headline"});
  const panel = runPanel();
  const now = section("Now", nowLine, panel.element, el("p", {class: "actions"}, cancel.button));
  const errorPlace = el("div");
  const error = section("Error", errorPlace);
  const notesPlace = el("div");
  const warnings = section("Warnings", notesPlace);
  const nextPlace = el("div");
  const againPlace = el("p", {class: "actions"}, again.button);
  const next = section("What next", nextPlace, againPlace);
  const requestPlace = el("div");
  const request = section("Request", requestPlace);

  const showSubtitle = piece(subtitle, (/** @type {Row} */ {table, source, server, provider, role}) => [
    "Table ", remoteText(table), source ? [" from ", remoteText(source)] : null, server ? [" on ", remoteText(server)] : null,
    provider ? ` (${provider})` : null, role ? [", of role ", remoteText(role)] : null,
  ].flat());
  const showResult = piece(resultLine, toldState);
  const showNow = piece(nowLine, toldState);
  const showError = piece(errorPlace, (/** @type {{failure: import("../parts/error_panel.js").Failure | null, title: string}} */ {failure, title}) =>
    failure === null ? null : errorPanel(failure, {title, alert: false}));
  const showNotes = piece(notesPlace, notes);
  const showNext = piece(nextPlace, nextTexts);
  const showRequest = piece(requestPlace, (/** @type {Row} */ connector) => requestView(connector, {
    curl: () => curlCommand({user, method: "POST", path: "api/v1/imports", body: {connector}}),
    sql: () => importSql(connector),
  }));

  return {
    elements: [subtitle, told.element, now, result, error, warnings, next, request],
    /** @param {Row} row @param {Activity} activity */
    show(row, activity) {
      shown = row;
      const running = runOf(activity.running, id) ??
        (row.synchronization_id ? runOf(activity.running, row.synchronization_id) : undefined);
      const goesOn = isUnfinished(row);
      const mayChange = row.may_change !== false;
      showSubtitle({
        table: tableOf(row), source: row.source, server: row.server, provider: row.provider,
        role: row.role_name === user ? null : row.role_name,
      });
      if (!goesOn && now.contains(document.activeElement)) result.querySelector("h2")?.focus();
      now.hidden = !goesOn;
      nowLine.hidden = running !== undefined;
      panel.element.hidden = running === undefined;
      if (running) panel.show(running, activity.now);
      showNow(importPresent(row, running));
      cancel.button.hidden = !mayChange;
      result.hidden = goesOn;
      showResult(importEnd(row));
      resultFacts.show([
        ["Table", row.table_name && row.state === "complete" ? tableOf(row) : null, (name) => remoteText(name)],
        ["Rows", row.state === "complete" ? count(row.rows ?? null) : null],
        ["Size", sizeText(row.bytes)],
        ["Asked for", row.created_at, (iso) => time(iso)],
        ["Began", row.started_at, (iso) => time(iso)],
        ["Took", duration(secondsBetween(row.started_at, row.ended_at))],
      ]);
      const failure = failureOf(row);
      error.hidden = failure === null;
      showError({failure, title: importEnd(row).state === "failure" ? "The import failed" : "The import was cancelled"});
      const noted = {warnings: row.warnings, changes: null, skipped: row.skipped_columns ?? null, problem: row.problem ?? null};
      warnings.hidden = !hasNotes(noted);
      showNotes(noted);
      next.hidden = !row.synchronization_id && (goesOn || !mayChange);
      showNext({sync: row.synchronization_id ?? null, server: hasSavedServer(row) ? row.request.connection : null,
        failed: row.state === "failure", strategy: row.request?.collision_strategy ?? "rename"});
      againPlace.hidden = !hasSavedServer(row) || Boolean(row.synchronization_id);
      request.hidden = !row.request;
      if (row.request) showRequest(row.request);
    },
  };
}

/** What the choices for a name that is there already mean. @type {Record<string, string>} */
const strategies = {
  rename: "makes a table of another name beside this one",
  skip: "does nothing while this table is there",
  overwrite: "puts the new rows in the place of this table",
  error: "fails while this table is there",
};

/** @param {{sync: string | null, server: string | null, failed: boolean, strategy: string}} shown */
function nextTexts({sync, server, failed, strategy}) {
  if (sync !== null) {
    return el("p", {}, "This is the first run of a sync, which refreshes the table: ",
      el("a", {href: addressOf("syncs", sync)}, "look at the sync"), ".");
  }
  const connect = server === null ? "#/connect" : addressOf("connect", server);
  const link = el("a", {href: connect}, server === null ? "Connect" : "Connect with this server");
  if (failed) {
    return el("p", {}, server === null
      ? ["Once the cause is gone: ", link, " again. The password is not shown to anybody, so it has to be given anew."]
      : ["Once the cause is gone, import again, or change what is imported: ", link, "."]);
  }
  return [
    el("p", {}, "To have the table refreshed every hour or every day, make a sync of it: ", link, ", and choose how often under “Repeat”."),
    server === null ? null : el("p", {class: "soft"}, `To import again ${strategies[strategy] ?? ""} (collision strategy ${strategy}).`),
  ];
}
