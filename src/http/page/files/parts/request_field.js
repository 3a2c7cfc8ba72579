// A field for a key of a request that has more than one form: a list of names, or JSON.

import {el} from "../base/dom.js";
import {namesOf, namesText} from "./column_names.js";
import {field} from "./field.js";
import {labelOf, parameterField} from "./parameter_field.js";

/** @typedef {import("./parameter_field.js").Info} Info */
/** @typedef {{element: HTMLElement, input: HTMLElement, setError: (error: string | null) => void, read: () => unknown,
 *   write: (value: unknown) => void}} RequestField */

/** What a field says whose text can't be read. */
export class Unreadable extends Error {}

/** @param {string} key @param {Info} info of cdb_connector_info(); an object of others for keys that hold an object
 * @returns {RequestField} */
export function requestField(key, info) {
  if (typeof info.type !== "string" && !Array.isArray(info.type)) return jsonField(key, "An object, as JSON.");
  const types = [info.type].flat();
  if (info.allowed_values || !types.includes("array")) return parameterField(key, info);
  return types.includes("object") ? jsonField(key, info.description) : namesField(key, info);
}

/** @param {string} key @param {Info} info @returns {RequestField} */
function namesField(key, info) {
  const input = el("input", {autocomplete: "off", autocapitalize: "none", spellcheck: "false"});
  const shown = field({label: labelOf(key), input, hint: `${info.description} Several are parted by commas.`});
  /** Stays as it is unless its text is changed. @type {unknown} */
  let came;
  let text = "";
  return {
    ...shown,
    read() {
      if (input.value === text) return came;
      const names = namesOf(input.value);
      return names.length === 0 ? undefined : names.length === 1 ? names[0] : names;
    },
    write(value) {
      came = value;
      text = namesText([value ?? []].flat().map(String));
      input.value = text;
    },
  };
}

/** @param {string} key @param {string} hint @returns {RequestField} */
function jsonField(key, hint) {
  const input = el("textarea", {rows: 4, autocapitalize: "none", spellcheck: "false"});
  const shown = field({label: labelOf(key), input, hint: `${hint} A list and an object are given as JSON.`});
  return {
    ...shown,
    read() {
      const text = input.value.trim();
      if (text === "") return undefined;
      if (!/^[[{"]/.test(text)) return text;
      try {
        return JSON.parse(text);
      } catch (error) {
        throw new Unreadable(`This is not JSON: ${error instanceof Error ? error.message : ""}`);
      }
    },
    write(value) {
      input.value = value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2);
    },
  };
}
