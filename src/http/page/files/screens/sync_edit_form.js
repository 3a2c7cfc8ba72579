// The form of a sync: its interval, the options of its refreshes, and the keys of its request.

import {el} from "../base/dom.js";
import {changedConnection, inOurSpelling, inUnits, units} from "../base/sync_change.js";
import {connectionForm} from "../parts/connection_form.js";
import {field} from "../parts/field.js";
import {requestField, Unreadable} from "../parts/request_field.js";

/** @typedef {Record<string, any>} Row */
/** @typedef {import("../parts/request_field.js").RequestField} RequestField */

/** Keys that have a place of their own. */
const elsewhere = new Set(["provider", "connection", "sync"]);

/**
 * @param {Row} sync
 * @param {import("../parts/connection_form.js").ProviderInfo} info
 * @param {boolean} superuser
 */
export function syncForm(sync, info, superuser) {
  const request = inOurSpelling(sync.request, info.parameters);
  const refreshes = inOurSpelling(request.sync, info.parameters.sync);
  const repeat = intervalFields(sync.interval);
  /** By the name that the server gives in errors. @type {Map<string, RequestField>} */
  const options = new Map(Object.entries(info.parameters.sync).map(([key, parameter]) => {
    const shown = requestField(key, parameter);
    shown.write(refreshes[key]);
    return [`sync.${key}`, shown];
  }));
  /** @type {Map<string, RequestField>} */
  const keys = new Map(Object.entries(info.parameters).filter(([key]) => !elsewhere.has(key)).map(([key, parameter]) => {
    const shown = requestField(key, parameter);
    shown.write(request[key]);
    return [key, shown];
  }));
  const source = connectionFields(request.connection, info, superuser);
  const isGiven = (/** @type {string} */ key) => request[key] !== undefined;
  const elements = (/** @type {(key: string) => boolean} */ chosen) =>
    [...keys].filter(([key]) => chosen(key)).map(([, {element}]) => element);

  const fieldOf = (/** @type {string} */ parameter) =>
    parameter === "interval" ? repeat.number : options.get(parameter) ?? keys.get(parameter) ?? source.fieldOf(parameter);

  /** @param {Map<string, RequestField>} fields @param {number} prefix length of what stands before the key */
  function values(fields, prefix = 0) {
    return [...fields].map(([name, one]) => /** @type {[string, unknown]} */ ([name.slice(prefix), valueOf(one)]))
      .filter(([, value]) => value !== undefined);
  }

  /** What the form says; throws Unreadable. @returns {{connector: Row, interval: number}} */
  function readAll() {
    const refresh = Object.fromEntries(values(options, "sync.".length));
    return {
      interval: repeat.read(),
      connector: {
        ...(request.provider ? {provider: request.provider} : {}),
        connection: source.read(),
        ...Object.fromEntries(values(keys)),
        ...(Object.keys(refresh).length === 0 ? {} : {sync: refresh}),
      },
    };
  }

  return {
    element: el("div", {},
      el("fieldset", {}, el("legend", {}, "Schedule"), el("div", {class: "fields"}, repeat.number.element, repeat.unit.element,
        options.get("sync.at")?.element)),
      el("fieldset", {}, el("legend", {}, "Refresh"),
        el("div", {class: "fields"}, [...options].filter(([name]) => name !== "sync.at").map(([, {element}]) => element))),
      el("fieldset", {}, el("legend", {}, "Connection"), source.element),
      el("fieldset", {}, el("legend", {}, "What is read"), el("div", {class: "fields"}, elements(isGiven)),
        el("details", {}, el("summary", {}, "More options"), el("div", {class: "fields"}, elements((key) => !isGiven(key)))))),
    fields: /** @type {any[]} */ ([repeat.number, ...options.values(), ...keys.values()]),
    fieldOf,
    /** As the form was before anybody changed it, so that spelt-out defaults are no change. */
    before: readAll(),
    /** null: something can't be read, and says so. */
    read() {
      try {
        return readAll();
      } catch (error) {
        if (error instanceof Unreadable) return null;
        throw error;
      }
    },
    clearErrors() {
      for (const one of [repeat.number, ...options.values(), ...keys.values()]) one.setError(null);
      source.clearErrors();
    },
  };
}

/** @param {RequestField} one @returns {unknown} */
function valueOf(one) {
  try {
    return one.read();
  } catch (error) {
    if (error instanceof Unreadable) one.setError(error.message);
    throw error;
  }
}

/** @param {number} seconds */
function intervalFields(seconds) {
  const now = inUnits(seconds);
  const number = field({
    label: "Every",
    input: el("input", {inputmode: "numeric", class: "short", value: String(now.number)}),
    hint: "From the last due time on; with a time of the day (At) a number of whole days.",
    required: true,
  });
  const unit = field({
    label: "Unit",
    input: el("select", {}, units.map(([size, name]) => el("option", {value: String(size), selected: size === now.unit}, name))),
  });
  return {
    number,
    unit,
    read() {
      const text = number.input.value.trim();
      if (!/^\d{1,9}$/.test(text) || Number(text) === 0) {
        number.setError("Enter a whole number.");
        throw new Unreadable();
      }
      return Number(text) * Number(unit.input.value);
    },
  };
}

/** @param {any} connection the name of a saved server, or an object @param {import("../parts/connection_form.js").ProviderInfo} info
 * @param {boolean} superuser */
function connectionFields(connection, info, superuser) {
  if (typeof connection === "string") {
    const name = field({
      label: "Saved server",
      input: el("input", {value: connection, autocomplete: "off", autocapitalize: "none", spellcheck: "false"}),
      hint: "Its name. Address, user and password are the server's: change them under Servers.",
      required: true,
    });
    return {
      element: name.element,
      read: () => name.input.value,
      fieldOf: (/** @type {string} */ parameter) => parameter.startsWith("connection") ? name : undefined,
      clearErrors: () => name.setError(null),
    };
  }
  const before = inOurSpelling(connection, info.parameters.connection);
  const form = connectionForm(info, {superuser, isStored: true});
  form.write(before);
  return {
    element: form.element,
    read: () => changedConnection(before, form.read(), form.secrets),
    fieldOf: form.fieldOf,
    clearErrors: form.clearErrors,
  };
}
