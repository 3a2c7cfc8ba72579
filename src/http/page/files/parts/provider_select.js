// The choice of a provider; those that can't be used are shown as such, and why.

import {el} from "../base/dom.js";

/**
 * One of GET api/v1/connectors.
 * @typedef {object} Provider
 * @property {string} name
 * @property {string | null} description
 * @property {boolean} enabled
 * @property {string | null} version null: left out when the extension was built
 */

/** @param {Record<string, Provider>} providers */
export function providerSelect(providers) {
  return el("select", {}, Object.entries(providers).map(([id, {name, enabled}]) =>
    el("option", {value: id, disabled: !enabled}, enabled ? name : `${name} (not available)`)));
}

/** Why some can't be used; null if all can. @param {Record<string, Provider>} providers */
export function disabledProviders(providers) {
  const reasons = Object.values(providers).filter(({enabled}) => !enabled).map(({name, version}) =>
    `${name}: ${version === null ? "left out when the extension was built" : "switched off by an administrator"}`);
  return reasons.length === 0 ? null : `Not available: ${reasons.join("; ")}.`;
}
