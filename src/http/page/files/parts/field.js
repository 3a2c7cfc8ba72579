// A labelled input with its hint and its error, which a screen reader reads together.

import {el, fill, freshId} from "../base/dom.js";

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} input
 * @property {(error: string | null) => void} setError shows an error next to the input, or takes it away
 */

/**
 * @param {object} options
 * @param {string} options.label
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} options.input
 * @param {string | null} [options.hint]
 * @param {boolean} [options.required] is seen in the label, and said by aria-required; the server decides
 * @returns {Field}
 */
export function field({label, input, hint = null, required = false}) {
  input.id ||= freshId();
  const hintId = freshId();
  const errorId = freshId();
  const isBox = input instanceof HTMLInputElement && (input.type === "checkbox" || input.type === "radio");
  const error = el("p", {class: "field-error", id: errorId});
  const labelElement = el("label", {for: input.id}, label, required ? el("span", {class: "required", "aria-hidden": "true"}, " (required)") : null);
  const described = () => [hint ? hintId : null, error.textContent ? errorId : null].filter(Boolean).join(" ");
  const describe = () => {
    const ids = described();
    if (ids) input.setAttribute("aria-describedby", ids);
    else input.removeAttribute("aria-describedby");
  };
  if (required) input.setAttribute("aria-required", "true");
  const element = el("div", {class: isBox ? "field box" : "field"},
    isBox ? [input, labelElement] : [labelElement, input],
    hint ? el("p", {class: "hint", id: hintId}, hint) : null,
    error);
  describe();
  return {
    element,
    input,
    setError(text) {
      fill(error, text ?? "");
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      describe();
    },
  };
}

/** Moves focus to the first field that has an error. @param {Field[]} fields */
export function focusFirstError(fields) {
  fields.find(({input}) => input.getAttribute("aria-invalid") === "true")?.input.focus();
}
