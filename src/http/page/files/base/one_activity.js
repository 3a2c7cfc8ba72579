// What is known of one sync or import.

import {ApiError, call} from "./api.js";

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * null: there is none with this id, or it belongs to somebody else.
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<import("./activity.js").Activity | null>}
 */
export async function activityOf(id, signal) {
  if (!uuid.test(id)) return null;
  try {
    return await call("GET", `api/v1/activity?${new URLSearchParams({id})}`, {signal});
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
