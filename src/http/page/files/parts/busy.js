// Something that takes time: says for how long already, how long at most, and can be cancelled.

import {el, fill} from "../base/dom.js";
import {announce} from "./announce.js";

/** What run() throws where somebody cancelled. */
export class Cancelled extends Error {
  constructor() {
    super("cancelled");
  }
}

/**
 * Runs `work`, and shows in `place` meanwhile what goes on. Throws Cancelled after a click on Cancel, else whatever
 * `work` throws.
 * @template Result
 * @param {HTMLElement} place
 * @param {string} label `Connecting`
 * @param {number} limit in seconds, after which the work ends by itself
 * @param {AbortSignal} left the screen's
 * @param {(signal: AbortSignal) => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function run(place, label, limit, left, work) {
  const controller = new AbortController();
  const begin = Date.now();
  const seconds = el("span", {});
  const cancel = el("button", {type: "button", on: {click: () => controller.abort(new Cancelled())}}, "Cancel");
  const tick = () => fill(seconds, `${Math.round((Date.now() - begin) / 1000)} s, at most ${limit} s`);
  const onLeft = () => controller.abort(left.reason);
  left.addEventListener("abort", onLeft);
  tick();
  fill(place, el("p", {class: "busy"}, el("span", {class: "spinner", "aria-hidden": "true"}), `${label}: `, seconds, " ", cancel));
  announce(label);
  const timer = setInterval(tick, 1000);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted && controller.signal.reason instanceof Cancelled) {
      announce(`${label}: cancelled`);
      throw controller.signal.reason;
    }
    throw error;
  } finally {
    clearInterval(timer);
    left.removeEventListener("abort", onLeft);
    fill(place);
  }
}
