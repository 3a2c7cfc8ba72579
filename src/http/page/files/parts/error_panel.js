// A failure in full: message, DETAIL, HINT, numbers, and a button that copies all of it.

import {el} from "../base/dom.js";
import {copyButton} from "./copy_button.js";
import {remoteText, visibleText} from "./remote_text.js";

/**
 * What is known of a failure: an ApiError, or the columns of a run, an import or a sync.
 * @typedef {object} Failure
 * @property {string} message
 * @property {string | null} [detail]
 * @property {string | null} [hint]
 * @property {number | null} [errorCode]
 * @property {string | null} [sqlstate]
 */

/** The failure of a row of the API's lists; null if it has none. @param {Record<string, any>} row
 * @returns {Failure | null} */
export function failureOf(row) {
  if (row.error_message === null || row.error_message === undefined) return null;
  return {
    message: row.error_message,
    detail: row.error_detail,
    hint: row.error_hint,
    errorCode: row.error_code,
    sqlstate: row.sqlstate,
  };
}

/** @param {Failure} failure */
function failureText(failure) {
  const lines = [`ERROR:  ${failure.sqlstate ? `${failure.sqlstate}: ` : ""}${failure.message}`];
  if (failure.detail) lines.push(`DETAIL:  ${failure.detail}`);
  if (failure.hint) lines.push(`HINT:  ${failure.hint}`);
  return lines.join("\n");
}

/**
 * @param {Failure} failure
 * @param {{title?: string, alert?: boolean}} [options] `alert`: is read out as soon as it is there (yes unless given)
 */
export function errorPanel(failure, {title = "Error", alert = true} = {}) {
  const numbers = [
    failure.errorCode ? `Error ${failure.errorCode}` : null,
    failure.sqlstate ? `SQLSTATE ${failure.sqlstate}` : null,
  ].filter(Boolean).join(", ");
  return el("div", {class: "error-panel", role: alert ? "alert" : null},
    el("p", {}, el("strong", {}, title), numbers ? ` ${numbers}` : null),
    el("p", {class: "error-message"}, remoteText(failure.message, {limit: 2000})),
    failure.detail ? el("dl", {}, el("dt", {}, "Detail"), el("dd", {}, remoteText(failure.detail, {limit: 2000}))) : null,
    failure.hint ? el("dl", {}, el("dt", {}, "Hint"), el("dd", {}, remoteText(failure.hint, {limit: 2000}))) : null,
    el("p", {}, copyButton("Copy error", () => visibleText(failureText(failure)))));
}
