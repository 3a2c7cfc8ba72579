// The token of the session, without which its cookie is worth nothing. It is in this origin's storage, so a tab that is
// opened later has it, too; the cookie can be read by no script.

const key = "connector-token";

/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {string | null} null: nobody is logged in */
export function sessionToken() {
  return localStorage.getItem(key);
}

/** @param {string | null} token */
export function setSessionToken(token) {
  if (token === null) localStorage.removeItem(key);
  else localStorage.setItem(key, token);
}

/** Calls the listener when the session ends: by log-out here or in another tab, or since the server says so.
 * @param {() => void} listener */
export function onSessionEnd(listener) {
  listeners.add(listener);
}

/** Forgets the session; the server has ended it, or will. */
export function sessionEnded() {
  if (sessionToken() === null) return;
  setSessionToken(null);
  for (const listener of listeners) listener();
}

window.addEventListener("storage", (event) => {
  if (event.key !== key || event.newValue !== null) return;
  for (const listener of listeners) listener();
});
