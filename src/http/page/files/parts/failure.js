// Where a failure is shown: its words and what to do next to the field that it is about, and all of it, folded, above the
// form; without such a field above the form. Focus goes there.

import {el, fill} from "../base/dom.js";
import {errorPanel} from "./error_panel.js";
import {visibleText} from "./remote_text.js";

/** As much of a failure stands next to a field; of a longer one the panel has the rest. */
const longest = 1000;
/** The connector's number of a request that is wrong. */
const invalidParameters = 1502;

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
    // What stands next to the field is read out with it.
    fill(place, el("details", {open: text.length > longest}, el("summary", {}, "The error in full"),
      errorPanel(failure, {alert: false})));
    field.input.focus();
  } else {
    const panel = el("div", {tabindex: -1}, errorPanel(failure));
    fill(place, panel);
    panel.focus();
  }
}

/** Of a request that is wrong the detail says what is, of another failure where it happened.
 * @param {import("../base/api.js").ApiError} failure */
function fieldText({message, detail, hint, errorCode}) {
  return [
    visibleText(message),
    errorCode === invalidParameters && detail !== null ? visibleText(detail.replace(/\n?Connector error \d+\.$/, "")) : null,
    hint === null ? null : `Hint: ${visibleText(hint)}`,
  ].filter(Boolean).join("\n");
}

/** Opens what hides the element. @param {HTMLElement} element */
function reveal(element) {
  for (let around = element.closest("details"); around; around = around.parentElement?.closest("details") ?? null) {
    around.open = true;
  }
}
