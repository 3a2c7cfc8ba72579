// A field for one key of the connector, as cdb_connector_info() describes it.

import {el, fill, freshId} from "../base/dom.js";
import {field} from "./field.js";
import {pairs} from "./pairs.js";

/**
 * One parameter of `cdb_connector_info()`.
 * @typedef {object} Info
 * @property {string | string[]} type
 * @property {boolean} required
 * @property {string | null} default
 * @property {string} description
 * @property {string[]} [allowed_values]
 * @property {boolean} [secret]
 * @property {boolean} [server_file] names a file of the database server
 */

/**
 * @typedef {object} ParameterField
 * @property {string} key
 * @property {HTMLElement} element
 * @property {HTMLElement} input where focus goes
 * @property {(error: string | null) => void} setError
 * @property {() => unknown} read undefined: nothing was given
 * @property {(value: unknown) => void} write
 * @property {boolean} isSecret
 * @property {() => void} putAway empties the input of a secret, which read() goes on to give
 * @property {() => void} forget forgets a secret
 */

/** Words of keys that are more than the key with a capital. @type {Record<string, string>} */
const words = {
  sslmode: "TLS mode",
  sslrootcert: "TLS root certificates",
  sslcert: "TLS client certificate",
  sslkey: "TLS client key",
  dsn: "DSN",
  sql_query: "SQL query",
  http_path: "HTTP path",
  tds_version: "TDS version",
  auth: "Authentication",
  tinyint1: "Type of tinyint(1)",
  max_rows: "Most rows",
  keep: "Bring along",
  on_success: "Statement after success",
  on_failure: "Statement after failure",
  on_schema_change: "If the source's columns change",
  default_columns: "Default columns",
  accesstoken: "Access token",
  apikey: "API key",
};

/** `connect_timeout` → `Connect timeout` @param {string} key */
export function labelOf(key) {
  const text = words[key] ?? key.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {string} key @param {Info} info @returns {ParameterField} */
export function parameterField(key, info) {
  return info.secret ? secretField(key, info) : asItCame(fieldOfType(key, info));
}

/** @param {string} key @param {Info} info @returns {ParameterField} */
function fieldOfType(key, info) {
  const types = [info.type].flat();
  if (types.includes("boolean")) return booleanField(key, info);
  if (types.includes("array") && info.allowed_values) return boxesField(key, info, info.allowed_values);
  if (info.allowed_values) return choiceField(key, info, info.allowed_values);
  if (types.length === 1 && types[0] === "object") return pairsField(key, info);
  return textField(key, info, types.includes("integer"));
}

/**
 * What is written and left alone is read as it came: an input may have another form of it, or none.
 * @param {ParameterField} shown
 * @returns {ParameterField}
 */
function asItCame(shown) {
  /** @type {unknown} */
  let came;
  let leftAlone = "";
  const present = () => JSON.stringify(shown.read() ?? null);
  return {
    ...shown,
    read: () => came !== undefined && present() === leftAlone ? came : shown.read(),
    write(value) {
      shown.write(value);
      came = value ?? undefined;
      leftAlone = present();
    },
  };
}

/** Keys whose texts have several lines, which an input of one line would run together. */
const longTexts = new Set(["sql_query", "on_success", "on_failure"]);

/** What is the same for all of them but secrets. */
const noSecret = {isSecret: false, putAway: () => {}, forget: () => {}};

/** @param {string} key @param {Info} info @param {boolean} isNumber @returns {ParameterField} */
function textField(key, info, isNumber) {
  const isLong = longTexts.has(key);
  const attributes = {autocomplete: "off", autocapitalize: "none", spellcheck: "false"};
  const input = isLong ? el("textarea", {...attributes, rows: 3}) : el("input", {
    ...attributes, type: "text", inputmode: isNumber ? "numeric" : null, placeholder: info.default, class: isNumber ? "short" : null,
  });
  const shown = field({label: labelOf(key), input, hint: info.description, required: info.required});
  return {
    ...noSecret, ...shown, key,
    read() {
      const text = isLong ? input.value : input.value.trim();
      if (text === "") return undefined;
      return isNumber && /^\d{1,15}$/.test(text) ? Number(text) : text;
    },
    write: (value) => Object.assign(input, {value: value === undefined || value === null ? "" : String(value)}),
  };
}

/** @param {string} key @param {Info} info @returns {ParameterField} */
function secretField(key, info) {
  const input = el("input", {type: "password", autocomplete: "new-password", spellcheck: "false"});
  const shown = field({label: labelOf(key), input, hint: info.description, required: info.required});
  let kept = "";
  const hold = () => Object.assign(input, {placeholder: kept === "" ? "" : "as entered before"});
  return {
    ...shown, key, isSecret: true,
    read: () => input.value || kept || undefined,
    write(value) {
      input.value = typeof value === "string" ? value : "";
    },
    putAway() {
      kept = input.value || kept;
      input.value = "";
      hold();
    },
    forget() {
      kept = "";
      input.value = "";
      hold();
    },
  };
}

/** @param {string} key @param {Info} info @returns {ParameterField} */
function booleanField(key, info) {
  const usual = info.default === "true";
  const input = el("input", {type: "checkbox", checked: usual});
  const shown = field({label: labelOf(key), input, hint: info.description});
  return {
    ...noSecret, ...shown, key,
    read: () => input.checked === usual ? undefined : input.checked,
    write(value) {
      input.checked = value === undefined ? usual : value === true || value === "true";
    },
  };
}

/** @param {string} key @param {Info} info @param {string[]} allowed @returns {ParameterField} */
function choiceField(key, info, allowed) {
  const input = el("select", {},
    info.default === null ? el("option", {value: ""}, "Not set") : null,
    allowed.map((value) => el("option", {value, selected: value === info.default},
      value === info.default ? `${value} (default)` : value)));
  const shown = field({label: labelOf(key), input, hint: info.description, required: info.required});
  return {
    ...noSecret, ...shown, key,
    read: () => input.value === (info.default ?? "") ? undefined : input.value,
    write: (value) => Object.assign(input, {value: value ?? info.default ?? ""}),
  };
}

/** A list, each of whose members is there or not. @param {string} key @param {Info} info @param {string[]} allowed
 * @returns {ParameterField} */
function boxesField(key, info, allowed) {
  const boxes = allowed.map((value) => ({value, input: el("input", {type: "checkbox"})}));
  const error = el("p", {class: "field-error", id: freshId()});
  const element = el("fieldset", {"aria-describedby": error.id},
    el("legend", {}, labelOf(key)), el("p", {class: "hint"}, info.description),
    boxes.map(({value, input}) => field({label: labelOf(value), input}).element), error);
  return {
    ...noSecret, key, element,
    input: boxes[0]?.input ?? element,
    setError: (text) => fill(error, text ?? ""),
    read() {
      const chosen = boxes.filter(({input}) => input.checked).map(({value}) => value);
      return chosen.length === 0 ? undefined : chosen;
    },
    write(value) {
      const chosen = Array.isArray(value) ? value : [];
      for (const box of boxes) box.input.checked = chosen.includes(box.value);
    },
  };
}

/** @param {string} key @param {Info} info @returns {ParameterField} */
function pairsField(key, info) {
  const shown = pairs(labelOf(key), info.description);
  return {
    ...noSecret, ...shown, key,
    read() {
      const given = shown.read();
      return Object.keys(given).length === 0 ? undefined : given;
    },
    write: (value) => shown.write(typeof value === "object" && value !== null ? /** @type {any} */ (value) : {}),
  };
}
