// Changes a sync: how often it runs, how it refreshes, and what its request says. Only what was changed is sent.

import {ApiError, call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {activityOf} from "../base/one_activity.js";
import {addressOf, go, setTitle, tellNext} from "../base/router.js";
import {whoAmI} from "../base/session.js";
import {syncChange} from "../base/sync_change.js";
import {announce} from "../parts/announce.js";
import {showFailure} from "../parts/failure.js";
import {focusFirstError} from "../parts/field.js";
import {remoteText, visibleText} from "../parts/remote_text.js";
import {syncForm} from "./sync_edit_form.js";
import {unknownText} from "./unknown.js";

/** @type {import("../base/router.js").Show} */
export async function show(root, {id = ""}, left) {
  fill(root, el("p", {class: "soft"}, "Loading …"));
  const [who, activity] = await Promise.all([whoAmI(), activityOf(id, left)]);
  if (left.aborted) return;
  const sync = activity?.syncs.find((row) => row.id === id);
  if (!sync) {
    fill(root, unknownText("sync", false));
    return;
  }
  setTitle(`Edit ${visibleText(sync.table_name)}`);
  const back = addressOf("syncs", id);
  if (sync.may_change === false) {
    fill(root, el("div", {class: "notice"},
      el("p", {}, "This sync belongs to role ", remoteText(sync.role_name), ", which alone can change it."),
      el("p", {}, el("a", {href: back}, "Back to the sync"))));
    return;
  }
  const info = await call("GET", `api/v1/connectors/${encodeURIComponent(sync.provider)}`, {signal: left});
  if (left.aborted) return;
  const form = syncForm(sync, info, who.superuser);
  const problem = el("div");
  const said = el("p", {role: "status", class: "outcome"});
  const save = el("button", {type: "submit", class: "primary"}, "Save");
  fill(root, el("form", {novalidate: true, on: {submit}},
    el("p", {class: "subtitle"}, "What is changed here counts from the next run on. A sync whose last run failed is tried at once."),
    problem, form.element,
    el("div", {class: "actions"}, save, el("button", {type: "button", on: {click: () => go(back.slice(2))}}, "Back")), said));

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (save.getAttribute("aria-disabled") === "true") return;
    form.clearErrors();
    fill(problem);
    said.textContent = "";
    const after = form.read();
    if (after === null) {
      focusFirstError(form.fields);
      return;
    }
    const change = syncChange(form.before, after);
    if (Object.keys(change).length === 0) {
      said.textContent = "Nothing was changed.";
      return;
    }
    save.setAttribute("aria-disabled", "true");
    said.textContent = "Saving …";
    try {
      const answer = await call("PUT", `api/v1/synchronizations/${encodeURIComponent(id)}`, {body: change, signal: left});
      if (Array.isArray(answer?.notices)) tellNext(answer.notices);
      announce("Saved");
      go(back.slice(2));
    } catch (error) {
      if (left.aborted) return;
      said.textContent = "";
      if (!(error instanceof ApiError)) throw error;
      showFailure(error, form.fieldOf, problem);
    } finally {
      save.removeAttribute("aria-disabled");
    }
  }
}
