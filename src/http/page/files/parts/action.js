// Buttons that ask the server for something, and where the answer is told.

import {ApiError} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {errorPanel} from "./error_panel.js";
import {visibleText} from "./remote_text.js";

/** Where an action's outcome is told: a text is read out, an error in full. */
export function outcome() {
  const said = el("p", {role: "status", class: "outcome"});
  const failed = el("div");
  return {
    element: el("div", {}, said, failed),
    /** @param {string} text @param {unknown} [notices] what the database told beside its answer */
    say(text, notices = []) {
      fill(failed);
      const more = Array.isArray(notices) ? notices.map(String) : [];
      said.textContent = visibleText([text, ...more].join("\n"));
    },
    /** @param {ApiError} error */
    fail(error) {
      said.textContent = "";
      fill(failed, errorPanel(error));
    },
  };
}

/**
 * A button that can't be pressed twice at a time. It stays in the order of Tab while it can't be pressed, so that focus
 * does not get lost; `off` says why it can't.
 * @param {string} label
 * @param {() => Promise<void>} work an ApiError is told
 * @param {ReturnType<typeof outcome>} told
 * @param {{kind?: string}} [options]
 */
export function actionButton(label, work, told, {kind} = {}) {
  let working = false;
  /** @type {string | null} */
  let off = null;
  const button = el("button", {type: "button", class: kind ?? null, on: {click}}, label);
  const update = () => {
    if (working || off !== null) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
    if (off !== null) button.title = off;
    else button.removeAttribute("title");
  };

  async function click() {
    if (working) return;
    if (off !== null) {
      told.say(off);
      return;
    }
    working = true;
    update();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      told.fail(error);
    } finally {
      working = false;
      update();
    }
  }
  return {
    button,
    /** @param {string | null} reason why it can't be pressed now */
    setOff(reason) {
      off = reason;
      update();
    },
    /** @param {string} text */
    setLabel(text) {
      if (button.textContent !== text) fill(button, text);
    },
  };
}
