// Names and values of which nobody knows beforehand: attributes of an ODBC driver, settings of a remote session.

import {el, fill, freshId} from "../base/dom.js";
import {field} from "./field.js";

/**
 * @param {string} legend
 * @param {string} hint
 * @returns {{element: HTMLElement, input: HTMLElement, setError: (error: string | null) => void,
 *   read: () => Record<string, string>, write: (pairs: Record<string, unknown>) => void}}
 */
export function pairs(legend, hint) {
  /** @type {{name: HTMLInputElement, value: HTMLInputElement, row: HTMLElement}[]} */
  let all = [];
  const rows = el("div");
  const errorId = freshId();
  const error = el("p", {class: "field-error", id: errorId});
  const add = el("button", {type: "button", class: "small", on: {click: () => addPair("", "").name.focus()}}, "Add");
  const element = el("fieldset", {"aria-describedby": errorId},
    el("legend", {}, legend), el("p", {class: "hint"}, hint), rows, error, el("p", {}, add));

  /** @param {string} name @param {string} value */
  function addPair(name, value) {
    const nameInput = el("input", {autocomplete: "off", autocapitalize: "none", spellcheck: "false", value: name});
    const valueInput = el("input", {autocomplete: "off", autocapitalize: "none", spellcheck: "false", value});
    const row = el("div", {class: "pair"},
      field({label: "Name", input: nameInput}).element,
      field({label: "Value", input: valueInput}).element,
      el("button", {type: "button", class: "small", on: {click: remove}}, "Remove"));
    const pair = {name: nameInput, value: valueInput, row};
    all.push(pair);
    rows.append(row);

    function remove() {
      all = all.filter((other) => other !== pair);
      row.remove();
      add.focus();
    }
    return pair;
  }

  return {
    element,
    input: add,
    setError: (text) => fill(error, text ?? ""),
    read: () => Object.fromEntries(all.filter(({name}) => name.value.trim() !== "")
      .map(({name, value}) => [name.value.trim(), value.value])),
    write(given) {
      all = [];
      fill(rows);
      for (const [name, value] of Object.entries(given)) addPair(name, String(value));
    },
  };
}
