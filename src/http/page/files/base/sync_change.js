// What of a sync was changed in a form, as PUT api/v1/synchronizations/{id} takes it.

import {mask} from "./commands.js";

/** @typedef {Record<string, any>} Connector */

/**
 * An object of a request with its keys in our spelling: they are matched without regard to case, and are kept as they
 * were given. What is null counts as absent.
 * @param {any} given
 * @param {Record<string, unknown>} known
 * @returns {Connector}
 */
export function inOurSpelling(given, known) {
  const ours = new Map(Object.keys(known).map((key) => [key.toLowerCase(), key]));
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== null)
    .map(([key, value]) => [ours.get(key.toLowerCase()) ?? key, value]));
}

/**
 * The connection for the server. What was left alone goes back as it came; of a secret that was left empty the mask goes
 * back, and without one it is removed.
 * @param {any} before as the server showed it
 * @param {Record<string, unknown>} given by the form: absent for secrets that were left empty, null for those to remove
 * @param {string[]} secrets keys of secrets
 */
export function changedConnection(before, given, secrets) {
  /** @type {Record<string, unknown>} */
  const connection = {};
  for (const [key, value] of Object.entries(given)) {
    if (value !== null) connection[key] = value;
  }
  for (const [key, value] of Object.entries(before ?? {})) {
    if (value === mask && secrets.includes(key) && !(key in given)) connection[key] = mask;
  }
  return connection;
}

/**
 * The members of the body; none if nothing was changed. A connector goes whole, as it takes the place of the one before.
 * @param {{connector: Connector, interval: number}} before
 * @param {{connector: Connector, interval: number}} after
 * @returns {{connector?: Connector, interval?: number}}
 */
export function syncChange(before, after) {
  return {
    ...(before.interval === after.interval ? {} : {interval: after.interval}),
    ...(sorted(before.connector) === sorted(after.connector) ? {} : {connector: after.connector}),
  };
}

/** JSON in which the order of keys means nothing. @param {unknown} value @returns {string} */
function sorted(value) {
  return JSON.stringify(value, (key, one) => one && typeof one === "object" && !Array.isArray(one)
    ? Object.fromEntries(Object.entries(one).sort(([first], [second]) => first < second ? -1 : 1)) : one);
}

/** @type {[seconds: number, unit: string][]} */
export const units = [[60, "minutes"], [3600, "hours"], [86_400, "days"], [604_800, "weeks"], [1, "seconds"]];

/** The largest unit of which it is a whole number. @param {number} seconds @returns {{number: number, unit: number}} */
export function inUnits(seconds) {
  const unit = [604_800, 86_400, 3600, 60].find((size) => seconds % size === 0) ?? 1;
  return {number: seconds / unit, unit};
}
