// What can be done about a sync. What is shown after it comes from the server.

import {call} from "../base/api.js";
import {el} from "../base/dom.js";
import {go} from "../base/router.js";
import {canRunNow} from "../base/sync_state.js";
import {actionButton, outcome} from "../parts/action.js";
import {announce} from "../parts/announce.js";
import {confirmed} from "../parts/dialog.js";
import {remoteText, visibleText} from "../parts/remote_text.js";

/** @typedef {Record<string, any>} Row */

/**
 * @param {string} id
 * @param {AbortSignal} left
 * @param {() => Promise<void>} lookNow
 * @returns {{element: HTMLElement, cancel: HTMLElement, show: (sync: Row, running: Row | undefined) => void}}
 */
export function syncActions(id, left, lookNow) {
  const path = `api/v1/synchronizations/${encodeURIComponent(id)}`;
  const told = outcome();
  /** @type {Row} */
  let sync = {};

  const runNow = actionButton("Run now", async () => {
    const answer = await call("PUT", `${path}/sync_now`);
    told.say(answer.enqueued ? "Asked for a run." : "A run goes on already: no other was asked for.", answer.notices);
    await lookNow();
  }, told, {kind: "primary"});
  const pause = actionButton("Pause", async () => {
    const paused = !sync.paused;
    const answer = await call("PUT", path, {body: {paused}});
    told.say(paused ? "Paused: it runs only when asked for." : "Resumed.", answer?.notices);
    await lookNow();
  }, told);
  const cancel = actionButton("Cancel run", async () => {
    const answer = await call("POST", `${path}/cancel`);
    told.say(answer?.cancelled === false ? "There was no run to cancel." : "Asked the run to end.", answer?.notices);
    await lookNow();
  }, told);
  const edit = el("button", {type: "button", on: {click: () => go(`syncs/${encodeURIComponent(id)}/edit`)}}, "Edit");
  const remove = actionButton("Delete", async () => {
    const name = visibleText(sync.table_name);
    const sure = await confirmed({
      title: `Delete the sync of ${name}?`,
      text: [
        el("span", {}, "The table ", remoteText(sync.table_name), " stays, with the rows that it has. It is not refreshed any more."),
        "The history of its runs goes, and so does a password that is stored for it.",
        "A run that goes on in the background is cancelled.",
      ],
      action: "Delete",
      dangerous: true,
    }, left);
    if (!sure) return;
    await call("DELETE", path);
    announce(`Sync of ${name} deleted`);
    if (!left.aborted) go("");
  }, told, {kind: "danger"});
  const buttons = el("p", {class: "actions"}, runNow.button, pause.button, edit, remove.button);

  return {
    element: el("div", {}, buttons, told.element),
    cancel: cancel.button,
    show(now, running) {
      sync = now;
      buttons.hidden = sync.may_change === false;
      runNow.setOff(canRunNow(sync, running) ? null
        : sync.state === "queued" ? "A run was asked for already." : "A run goes on already.");
      pause.setLabel(sync.paused ? "Resume" : "Pause");
    },
  };
}
