// Where a failure is shown: next to the field that it is about, else above the form. Focus goes there.

import {el, fill} from "../base/dom.js";
import {errorPanel} from "./error_panel.js";
import {visibleText} from "./remote_text.js";

/** As much of a failure stands next to a field; of a longer one the panel has the rest. */
const longest = 1000;

/**
 * What a failure needs of a field.
 * @typedef {object} Place
 * @property {HTMLElement} input
 * @property {(error: string | null) => void} setError
 */

/**
 * @param {import("../base/api.js").ApiError} failure
 * @param {(parameter: string) => Place | undefined} fieldOf the field of a key, `connection.password`
 * @param {HTMLElement} place above the form
 */
export function showFailure(failure, fieldOf, place) {
  const field = failure.parameter === null ? undefined : fieldOf(failure.parameter);
  const text = fieldText(failure);
  if (field) {
    field.setError(text.length > longest ? `${text.slice(0, longest)}…` : text);
    reveal(field.input);
  }
  if (field && text.length <= longest) {
    fill(place);
  } else {
    const panel = el("div", {tabindex: -1}, errorPanel(failure));
    fill(place, panel);
    if (!field) panel.focus();
  }
  field?.input.focus();
}

/** @param {import("../base/api.js").ApiError} failure */
function fieldText({message, detail, hint, errorCode, sqlstate}) {
  const numbers = [errorCode === null ? null : `error ${errorCode}`, sqlstate === null ? null : `SQLSTATE ${sqlstate}`]
    .filter(Boolean).join(", ");
  return [
    visibleText(message) + (numbers ? ` (${numbers})` : ""),
    detail === null ? null : `Detail: ${visibleText(detail)}`,
    hint === null ? null : `Hint: ${visibleText(hint)}`,
  ].filter(Boolean).join("\n");
}

/** Opens what hides the element. @param {HTMLElement} element */
function reveal(element) {
  for (let around = element.closest("details"); around; around = around.parentElement?.closest("details") ?? null) {
    around.open = true;
  }
}
