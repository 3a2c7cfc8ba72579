// Calls of the API by the session of this page.

import {sessionEnded, sessionToken} from "./token.js";

/** What the API says where a call fails. */
export class ApiError extends Error {
  /**
   * @param {number} status of HTTP; 0 if there was no answer
   * @param {Record<string, any>} body
   */
  constructor(status, body) {
    super(firstText(body.errors) || `the server answered with status ${status}`);
    this.status = status;
    /** @type {string | null} */
    this.detail = body.detail ?? null;
    /** @type {string | null} */
    this.hint = body.hint ?? null;
    /** @type {number | null} */
    this.errorCode = body.error_code ?? null;
    /** @type {string | null} */
    this.sqlstate = body.sqlstate ?? null;
    /** The key of the connector that it is about, `connection.password`, as far as that is known.
     * @type {string | null} */
    this.parameter = body.parameter ?? null;
  }
}

/** @param {any} errors a text, `{"imports": text}` or a list @returns {string} */
function firstText(errors) {
  if (typeof errors === "string") return errors;
  if (errors && typeof errors === "object") return Object.values(errors).map(firstText).filter(Boolean).join("; ");
  return "";
}

/** @typedef {{body?: unknown, signal?: AbortSignal, timeout?: number}} CallOptions `timeout` in seconds, 60 unless given */

/**
 * One call. Throws ApiError, also where there is no answer, and an AbortError if the signal says stop.
 * @param {string} method
 * @param {string} path below the page's own address, without a slash before it: `api/v1/servers`
 * @param {CallOptions} [options]
 * @returns {Promise<any>} the JSON; null without a body
 */
export async function call(method, path, options) {
  return (await callWithNotice(method, path, options)).answer;
}

/**
 * As call(), for answers that are lists: what the database tells beside them is in a header.
 * @param {string} method
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<{answer: any, notice: string | null}>}
 */
export async function callWithNotice(method, path, {body, signal, timeout = 60} = {}) {
  const token = sessionToken();
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  const timer = setTimeout(() => stop.abort(), timeout * 1000);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers: requestHeaders(body !== undefined),
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: stop.signal,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    if (stop.signal.aborted) throw new ApiError(0, {errors: `no answer within ${timeout} seconds`});
    throw new ApiError(0, {errors: "connector-http can't be reached", hint: "Is it running, and is the network up?"});
  } finally {
    // A screen that is looked at for days makes many calls by one signal.
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
  const answer = readJson(text);
  if (response.ok) return {answer, notice: response.headers.get("Connector-Notice")};
  // A late answer to a session that is over says nothing of the one that is there now.
  if (response.status === 401 && token === sessionToken()) sessionEnded();
  throw new ApiError(response.status, answer && typeof answer === "object" ? answer : {});
}

/** @param {boolean} hasBody */
export function requestHeaders(hasBody) {
  /** @type {Record<string, string>} */
  const headers = {Accept: "application/json"};
  if (hasBody) headers["Content-Type"] = "application/json";
  const token = sessionToken();
  if (token !== null) headers["X-Connector-Token"] = token;
  return headers;
}

/** @param {string} text */
function readJson(text) {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
