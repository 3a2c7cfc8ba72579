// Whether what is shown is up to date: a small line, and the looks that it speaks of.

import {ApiError} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {pause, watch} from "../base/live.js";
import {announce} from "./announce.js";
import {piece} from "./piece.js";
import {time} from "./time.js";

/** @typedef {{connected: boolean, hurried: boolean, offlineSince: string | null, problem: string | null}} State */

/** @param {State} state */
function words({connected, hurried, offlineSince, problem}) {
  if (offlineSince !== null) return ["Offline since ", time(offlineSince), ", trying again"];
  if (problem !== null) return [`Not up to date: ${problem}; trying again`];
  if (connected) return "Live";
  return hurried ? "Looking every second" : `Looking every ${pause.without} s`;
}

/** What show() says of the answer: something runs or is about to, nothing does, or what was looked at is gone.
 * @typedef {"busy" | "quiet" | "gone"} Pace */

/**
 * Asks, shows the answer, and goes on so until the screen is left or what it is about is gone. A failure of the first
 * question is thrown; after that what is shown stays, and the line says so.
 * @template Answer
 * @param {object} work
 * @param {(why: "event" | "time") => Promise<Answer>} work.ask
 * @param {(answer: Answer) => Pace} work.show
 * @param {HTMLElement} work.line an empty `<p>` for the line
 * @param {AbortSignal} work.left
 * @returns {Promise<() => Promise<void>>} looks at once
 */
export async function follow({ask, show, line, left}) {
  const text = el("span");
  const dot = el("span", {class: "live-dot", "aria-hidden": "true"});
  const tell = piece(text, words);
  /** @type {State} */
  const state = {connected: false, hurried: false, offlineSince: null, problem: null};
  const ended = new AbortController();
  left.addEventListener("abort", () => ended.abort());

  function update() {
    if (ended.signal.aborted) return;
    tell(state);
    const kind = state.offlineSince !== null || state.problem !== null ? "off" : state.connected ? "on" : "";
    dot.className = `live-dot ${kind}`;
  }

  /** @param {Answer} answer */
  function showAnswer(answer) {
    const pace = show(answer);
    state.hurried = pace === "busy";
    if (pace === "gone") {
      fill(line);
      ended.abort();
    }
  }

  const first = await ask("event");
  left.throwIfAborted();
  line.className = "live-line";
  fill(line, dot, text);
  showAnswer(first);
  update();
  if (ended.signal.aborted) return async () => {};
  let isShown = true;

  /** @param {"event" | "time"} why */
  async function look(why) {
    // So that watch() has returned, whose answer is needed below.
    await Promise.resolve();
    if (!isShown) await askAgain(why);
    isShown = false;
    update();
    looks.hurry(state.hurried ? 1 : null);
  }

  /** @param {"event" | "time"} why */
  async function askAgain(why) {
    try {
      const answer = await ask(why);
      if (ended.signal.aborted) return;
      if (state.offlineSince !== null) announce("Connected again");
      state.offlineSince = null;
      state.problem = null;
      showAnswer(answer);
    } catch (error) {
      if (left.aborted) throw error;
      if (!(error instanceof ApiError)) {
        state.problem = "an error in this page";
        console.error(error);
        return;
      }
      const unreachable = error.status === 0 || error.status === 502 || error.status === 503;
      if (unreachable && state.offlineSince === null) {
        state.offlineSince = new Date().toISOString();
        announce("Offline: what is shown may be old");
      }
      state.problem = unreachable ? null : error.message;
    }
  }

  const looks = watch(look, ended.signal, (connected) => {
    state.connected = connected;
    update();
    // Nobody was told of what ended before the stream began.
    if (connected) looks.lookNow();
  });
  return () => looks.lookNow();
}
