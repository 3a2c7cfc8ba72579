// A question that must be answered before anything is changed: the browser's own dialog, which keeps focus within it
// and gives it back.

import {el, freshId} from "../base/dom.js";

/**
 * Asks; true if the answer is `action`.
 * @param {object} question
 * @param {string} question.title
 * @param {(Node | string)[]} question.text
 * @param {string} question.action what the button says that does it: `Delete sync`
 * @param {boolean} [question.dangerous]
 * @param {AbortSignal} left the screen's: with it the question goes
 * @returns {Promise<boolean>}
 */
export function confirmed({title, text, action, dangerous = false}, left) {
  return new Promise((resolve) => {
    const titleId = freshId();
    const textId = freshId();
    const dialog = el("dialog", {"aria-labelledby": titleId, "aria-describedby": textId},
      el("h2", {id: titleId}, title),
      el("div", {id: textId}, text.map((part) => el("p", {}, part))),
      el("p", {class: "actions"},
        el("button", {type: "button", on: {click: () => dialog.close("no")}}, "Keep"),
        el("button", {type: "button", class: dangerous ? "danger" : "primary", on: {click: () => dialog.close("yes")}}, action)));
    const close = () => dialog.close("no");
    left.addEventListener("abort", close);
    dialog.addEventListener("close", () => {
      left.removeEventListener("abort", close);
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
