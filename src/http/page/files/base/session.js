// Who is logged in.

import {ApiError, call} from "./api.js";
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

/** @type {Promise<Who> | null} */
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
  } catch (error) {
    // It has ended already, or will by itself: without its token nobody can use it.
    if (!(error instanceof ApiError)) throw error;
  } finally {
    sessionEnded();
  }
}

/** Asked once, until the session ends. @returns {Promise<Who>} */
export function whoAmI() {
  if (who !== null) return who;
  const asked = call("GET", "api/v1/session");
  who = asked;
  // A failure is not kept.
  asked.catch(() => {
    if (who === asked) who = null;
  });
  return asked;
}
