// The runs of a sync, newest first.

import {mergedRuns} from "../base/activity.js";
import {ApiError, call} from "../base/api.js";
import {el} from "../base/dom.js";
import {count, counted, duration} from "../base/format.js";
import {capitalized, changeTexts, firstLine, phasesText, schemaChangeTexts, sizeText, warningTexts} from "../base/run_words.js";
import {runResult} from "../base/sync_state.js";
import {errorPanel, failureOf} from "../parts/error_panel.js";
import {liveTable} from "../parts/live_table.js";
import {phaseBar} from "../parts/phase_bar.js";
import {piece} from "../parts/piece.js";
import {remoteText} from "../parts/remote_text.js";
import {section} from "../parts/section.js";
import {status} from "../parts/status.js";
import {time} from "../parts/time.js";

/** @typedef {Record<string, any>} Row */

const pageSize = 50;

/** @param {any} shown */
function resultCell({result: {state, text}, failure, statementError, notes}) {
  const more = [
    failure ? errorPanel(failure, {title: "The run failed", alert: false}) : null,
    statementError ? errorPanel({message: statementError}, {title: "The statement after the run failed", alert: false}) : null,
    notes.length > 0 ? el("ul", {}, notes.map((/** @type {string} */ note) => el("li", {}, remoteText(note)))) : null,
  ];
  const brief = firstLine(failure?.message ?? statementError ?? notes[0] ?? "", 80);
  return [
    status(state, text),
    more.some(Boolean) ? el("details", {}, el("summary", {}, remoteText(brief)), ...more) : null,
  ];
}

/** @type {import("../parts/live_table.js").LiveColumn<Row>[]} */
const columns = [
  {title: "Started", isHeading: true, shows: (run) => run.started_at, cell: (iso) => iso ? time(iso) : "–"},
  {
    title: "Result",
    shows: (run) => ({
      result: runResult(run),
      failure: failureOf(run),
      statementError: run.statement_error ?? null,
      notes: [...warningTexts(run.warnings), ...schemaChangeTexts(run.schema_changes)],
    }),
    cell: resultCell,
  },
  {title: "Took", shows: (run) => duration(run.duration ?? null), cell: (text) => el("span", {class: "nowrap"}, text || "–")},
  {
    title: "Done by",
    shows: (run) => ({mode: run.mode, reason: run.reason}),
    cell: ({mode, reason}) => [capitalized(mode ?? "–"), reason ? el("div", {class: "soft reason"}, remoteText(reason)) : null],
  },
  {
    title: "Rows",
    isNumber: true,
    shows: (run) => ({rows: run.rows ?? null, bytes: run.bytes ?? null}),
    cell: ({rows, bytes}) => [count(rows) || "–", bytes ? el("div", {class: "soft"}, sizeText(bytes)) : null],
  },
  {
    title: "Changes",
    shows: (run) => [...changeTexts(run), rangesText(run)].filter(Boolean),
    cell: (texts) => texts.length === 0 ? "–" : texts.map((/** @type {string} */ text) => el("div", {class: "nowrap"}, text)),
  },
  {
    title: "Readers waited",
    isNumber: true,
    shows: (run) => run.lock_ms,
    cell: (ms) => ms === null || ms === undefined ? "–" : duration(ms / 1000),
  },
  {
    title: "Phases",
    shows: (run) => run.phase_ms ?? null,
    cell: (phases) => phases ? [phaseBar(phases), el("div", {class: "soft phases"}, phasesText(phases))] : "–",
  },
];

/** @param {Row} run */
function rangesText(run) {
  if (typeof run.ranges_compared !== "number") return "";
  return `${count(run.ranges_read ?? 0)} of ${counted(run.ranges_compared, "range")} read`;
}

/** @param {string} id @param {AbortSignal} left */
export function history(id, left) {
  const path = `api/v1/synchronizations/${encodeURIComponent(id)}/runs`;
  const runs = liveTable("History", columns, (run) => run.id);
  const note = el("p", {class: "soft", role: "status"});
  const tell = piece(note, (/** @type {string} */ text) => text);
  const older = el("button", {type: "button", on: {click: showOlder}}, "Show older runs");
  const olderPlace = el("p", {}, older);
  /** @type {Row[]} */
  let shown = [];
  /** @type {string | null} */
  let state = null;
  let hasMore = false;

  /** @param {string | null} before @returns {Promise<{runs: Row[], more: boolean}>} */
  function ask(before) {
    const query = new URLSearchParams({limit: String(pageSize), ...(before === null ? {} : {before})});
    return call("GET", `${path}?${query}`, {signal: left});
  }

  function showRuns() {
    runs.show(shown);
    runs.element.hidden = shown.length === 0;
    if (!hasMore && olderPlace.contains(document.activeElement)) runs.element.focus();
    olderPlace.hidden = !hasMore;
    tell(shown.length === 0 ? "No run has begun yet." : "");
  }

  async function showOlder() {
    if (older.getAttribute("aria-disabled") === "true") return;
    older.setAttribute("aria-disabled", "true");
    try {
      const answer = await ask(shown[shown.length - 1]?.id ?? null);
      hasMore = answer.more;
      shown = [...shown, ...answer.runs];
      showRuns();
    } catch (error) {
      fail(error);
    } finally {
      older.removeAttribute("aria-disabled");
    }
  }

  /** @param {unknown} error */
  function fail(error) {
    if (left.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    tell(`The history can't be read: ${error.message}`);
  }

  runs.element.hidden = true;
  olderPlace.hidden = true;
  tell("Loading …");
  return {
    element: section("History", runs.element, note, olderPlace),
    /** Asks anew if the state of the sync is another one than last time. @param {string} now */
    async update(now) {
      if (now === state) return;
      state = now;
      try {
        const answer = await ask(null);
        // After a long time away the newest do not reach those that are shown: the list begins anew.
        const reaches = !answer.more || answer.runs.some(({id: run}) => shown.some((one) => one.id === run));
        if (shown.length === 0 || !reaches) hasMore = answer.more;
        shown = mergedRuns(reaches ? shown : [], answer.runs);
        showRuns();
      } catch (error) {
        state = null;
        fail(error);
      }
    },
  };
}
