// "Test connection", of a saved server or of what a form has.

import {ApiError, call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {announce} from "./announce.js";
import {Cancelled, run} from "./busy.js";
import {status} from "./status.js";

/** Seconds; the connection's own limit comes first. */
const longest = 60;

/**
 * Connects, and shows in `place` what goes on and what came of it. Failures are the caller's to show.
 * @param {HTMLElement} place
 * @param {{provider: string, connection: string | Record<string, unknown>, title: string}} source
 * @param {AbortSignal} left
 * @returns {Promise<ApiError | null>}
 */
export async function testConnection(place, {provider, connection, title}, left) {
  const begin = performance.now();
  try {
    await run(place, "Connecting", longest, left, (signal) =>
      call("POST", `api/v1/connectors/${encodeURIComponent(provider)}/connect`, {body: {connection}, signal, timeout: longest}));
    const text = `Connected to ${title} in ${((performance.now() - begin) / 1000).toFixed(1)} s`;
    fill(place, el("p", {}, status("success", text)));
    announce(text);
    return null;
  } catch (error) {
    if (left.aborted) return null;
    if (error instanceof ApiError) return error;
    if (!(error instanceof Cancelled)) throw error;
    fill(place, el("p", {}, status("waiting", "The test was cancelled.")));
    return null;
  }
}
