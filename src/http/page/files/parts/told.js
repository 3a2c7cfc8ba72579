// A state of a run with its time: `✓ Succeeded 14:05, 1,234 rows`.

import {el} from "../base/dom.js";
import {counted} from "../base/format.js";
import {status} from "./status.js";
import {time} from "./time.js";

/** @param {import("../base/sync_state.js").Told & {rows?: number | null}} told
 * @returns {import("../base/dom.js").Child[]} */
export function toldState({state, text, more = "", at = null, rows = null}) {
  const mark = state === "none" ? el("span", {class: "soft"}, text) : status(state, text);
  const rest = at === null ? [] : [" ", time(at)];
  return [mark, more === "" ? null : [" ", el("span", {class: "soft"}, more)], ...rest, rows === null ? null : `${at === null ? " " : ", "}${counted(rows, "row")}`].flat();
}
