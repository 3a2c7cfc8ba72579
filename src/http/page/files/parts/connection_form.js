// The form of a connection, built from what cdb_connector_info() tells of a provider.

import {el} from "../base/dom.js";
import {field} from "./field.js";
import {pairs} from "./pairs.js";
import {parameterField} from "./parameter_field.js";

/** @typedef {import("./parameter_field.js").Info} Info */

/**
 * GET api/v1/connectors/{provider}.
 * @typedef {object} ProviderInfo
 * @property {Record<string, any>} features
 * @property {Record<string, any> & {connection: Record<string, Info>, sync: Record<string, Info>}} parameters
 */

/**
 * @typedef {object} ConnectionForm
 * @property {HTMLElement} element
 * @property {() => Record<string, unknown>} read secrets included
 * @property {(connection: Record<string, unknown>) => void} write
 * @property {(parameter: string) => import("./failure.js").Place | undefined} fieldOf of `connection.password`
 * @property {() => void} clearErrors
 * @property {string[]} secrets keys
 * @property {() => void} putAwaySecrets empties their inputs; read() goes on to give them
 * @property {() => void} forgetSecrets
 * @property {HTMLElement} first input
 */

/** What nearly every connection has, required or not. */
const usual = new Set(["server", "port", "database", "username", "password"]);

/**
 * @param {ProviderInfo} info
 * @param {{superuser: boolean, isStored?: boolean}} options
 *   `isStored`: secrets are kept by the server, and are removed by a box of their own
 * @returns {ConnectionForm}
 */
export function connectionForm(info, {superuser, isStored = false}) {
  const oneOf = new Set(info.features.connection_one_of ?? []);
  const described = Object.entries(info.parameters.connection).map(([key, parameter]) => ({
    key,
    parameter,
    field: parameterField(key, isStored && parameter.secret
      ? {...parameter, required: false, description: `${parameter.description} Leave empty to keep what is stored.`}
      : parameter),
    removes: isStored && parameter.secret ? removalBox(key) : null,
  }));
  const isFirst = (/** @type {typeof described[number]} */ {key, parameter}) =>
    parameter.required || usual.has(key) || oneOf.has(key);
  const shown = (/** @type {typeof described[number]} */ one) => [one.field.element, one.removes?.element ?? null];
  const first = described.filter(isFirst);
  const rest = described.filter((one) => !isFirst(one));
  // Only superusers may name files of the database server.
  for (const {parameter, field: {element}} of rest) element.hidden = Boolean(parameter.server_file) && !superuser;
  const other = info.features.other_connection_keys
    ? pairs("Other attributes", "What else the driver takes, by its own names. Secrets of other names than those above would be shown to those who see the import.")
    : null;
  const element = el("div", {},
    oneOf.size > 0 ? el("p", {class: "hint"}, `One of these is required: ${[...oneOf].join(", ")}.`) : null,
    el("div", {class: "fields"}, first.map(shown).flat()),
    rest.length > 0 || other !== null
      ? el("details", {}, el("summary", {}, "More options"),
        el("div", {class: "fields"}, rest.map(shown).flat()), other?.element ?? null)
      : null);
  const secrets = described.filter(({parameter}) => parameter.secret);
  // Whoever types another one does not mean it to be removed.
  for (const {field: {input}, removes} of described) {
    if (removes) input.addEventListener("input", () => Object.assign(removes.input, {checked: false}));
  }

  /** What a secret is in a request: absent keeps what is stored, null removes it.
   * @param {typeof described[number]} one @returns {unknown} */
  const valueOf = ({field: {read}, removes}) => removes?.input.checked ? null : read();

  return {
    element,
    read: () => ({
      ...Object.fromEntries(described.map((one) => [one.key, valueOf(one)]).filter(([, value]) => value !== undefined)),
      ...other?.read(),
    }),
    write(connection) {
      for (const {key, field: {write, isSecret, element: place}, removes} of described) {
        if (removes) {
          removes.input.checked = false;
          removes.element.hidden = connection[key] === undefined;
        }
        if (isSecret) continue;
        write(connection[key]);
        if (connection[key] !== undefined) place.hidden = false;
      }
      const known = new Set(described.map(({key}) => key));
      other?.write(Object.fromEntries(Object.entries(connection).filter(([key]) => !known.has(key))));
    },
    fieldOf(parameter) {
      if (!parameter.startsWith("connection.")) return undefined;
      const key = parameter.slice("connection.".length);
      return described.find((one) => one.key === key && !one.field.element.hidden)?.field ?? other ?? undefined;
    },
    clearErrors() {
      for (const {field: {setError}} of described) setError(null);
      other?.setError(null);
    },
    secrets: secrets.map(({key}) => key),
    putAwaySecrets: () => secrets.forEach(({field: {putAway}}) => putAway()),
    forgetSecrets: () => secrets.forEach(({field: {forget}}) => forget()),
    first: described[0]?.field.input ?? element,
  };
}

/** @param {string} key */
function removalBox(key) {
  const input = el("input", {type: "checkbox"});
  return {input, element: field({label: `Remove the ${key.replaceAll("_", " ")}`, input}).element};
}
