// Who is logged in.

import {call} from "./api.js";
import {onSessionEnd, sessionEnded, setSessionToken} from "./token.js";

/**
 * What GET api/v1/session tells.
 * @typedef {object} Who
 * @property {string} user
 * @property {string} database
 * @property {string} version
 * @property {boolean} superuser
 * @property {boolean} can_connect whether the role may open connections of its own and make servers
 * @property {string[]} schemas in which it may create tables
 * @property {boolean} events
 * @property {boolean} scheduler whether syncs run by themselves
 * @property {number} max_retries
 * @property {number} max_listed_tables
 * @property {string} now
 */

/** @type {Who | null} */
let who = null;

onSessionEnd(() => {
  who = null;
});

/** Throws ApiError: 401 for a wrong name or password.
 * @param {string} user @param {string} password @param {AbortSignal} [signal] */
export async function logIn(user, password, signal) {
  setSessionToken(null);
  who = null;
  const answer = await call("POST", "api/v1/session", {body: {user, password}, signal});
  setSessionToken(answer.token);
}

export async function logOut() {
  try {
    await call("DELETE", "api/v1/session");
  } finally {
    sessionEnded();
  }
}

/** Asked once, until the session ends. @returns {Promise<Who>} */
export async function whoAmI() {
  who ??= /** @type {Who} */ (await call("GET", "api/v1/session"));
  return who;
}
