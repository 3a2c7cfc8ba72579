// #/servers/<name>: changes a saved server. What it keeps secret is never shown.

import {ApiError, call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {counted} from "../base/format.js";
import {addressOf, go, setTitle} from "../base/router.js";
import {whoAmI} from "../base/session.js";
import {announce} from "../parts/announce.js";
import {connectionForm} from "../parts/connection_form.js";
import {confirmed} from "../parts/dialog.js";
import {showFailure} from "../parts/failure.js";
import {keepFocus} from "../parts/keep_focus.js";
import {remoteText, visibleText} from "../parts/remote_text.js";
import {serverSummary} from "../parts/server_summary.js";
import {testConnection} from "../parts/server_test.js";
import {status} from "../parts/status.js";

/** @typedef {import("../parts/server_summary.js").Server} Server */

/** @type {import("../base/router.js").Show} */
export async function show(root, parameters, left) {
  const name = parameters.server ?? "";
  setTitle(visibleText(name));
  fill(root, el("p", {class: "busy"}, "Loading…"));
  const [who, providers, {servers}] = await Promise.all([
    whoAmI(), call("GET", "api/v1/connectors", {signal: left}), call("GET", "api/v1/servers", {signal: left})]);
  if (left.aborted) return;
  /** @type {Server | undefined} */
  const server = servers.find((/** @type {Server} */ one) => one.name === name);
  if (server === undefined) {
    fill(root, el("p", {}, "There is no server of this name that this role may use. ", el("a", {href: "#/servers"}, "All servers")));
    return;
  }
  if (server.provider === null) {
    fill(root, el("p", {}, "This server says no provider, and nothing can be read by it. Its owner, ", remoteText(server.owner),
      ", can say it in SQL: ", el("code", {}, "ALTER SERVER … OPTIONS (ADD provider 'mysql')")), el("p", {}, el("a", {href: "#/servers"}, "All servers")));
    return;
  }
  const info = await call("GET", `api/v1/connectors/${encodeURIComponent(server.provider)}`, {signal: left});
  if (left.aborted) return;

  const problem = el("div");
  const outcome = el("div", {class: "outcome"});
  const connect = el("a", {href: addressOf("connect", name)}, "Connect with this server");
  const test = el("button", {type: "button", on: {click: testIt}}, "Test connection");
  const usedBy = el("p", {}, server.used_by === 0 ? "No sync uses it." : `${counted(server.used_by, "sync")} of those you see use${server.used_by === 1 ? "s" : ""} it.`,
    " ", connect);
  // Where it is says its owner; by which account a role logs in there says each role for itself.
  const form = connectionForm(server.may_change ? info : accountOnly(info), {superuser: who.superuser, isStored: true});
  form.write(server.connection);
  left.addEventListener("abort", form.forgetSecrets);
  const summary = el("div", {}, serverSummary(server, providers, {withConnection: !server.may_change}));
  const save = el("button", {type: "submit", class: "primary"}, "Save");
  const remove = el("button", {type: "button", class: "danger", on: {click: removeIt}}, "Delete");
  fill(root, usedBy, el("form", {class: "form", novalidate: true, on: {submit}},
    summary,
    server.may_change ? null
      : el("p", {class: "notice"}, "Where it is can be changed by its owner only, ", remoteText(server.owner), "; your account there by you."),
    problem, el("fieldset", {}, el("legend", {}, server.may_change ? "Connection" : "Your account"), form.element), outcome,
    el("p", {class: "actions"}, save, test, server.may_change ? remove : null)));

  /** @param {boolean} now */
  function working(now) {
    save.disabled = test.disabled = remove.disabled = now;
  }

  function clear() {
    fill(problem);
    fill(outcome);
    form.clearErrors();
  }

  /** As it is saved: what was typed since is tested once it is saved. */
  async function testIt() {
    if (server === undefined || test.disabled) return;
    fill(problem);
    fill(outcome);
    const giveBack = keepFocus();
    working(true);
    try {
      const failure = await testConnection(outcome,
        {provider: server.provider, connection: name, title: `server ${visibleText(name)}, as it is saved,`}, left);
      if (failure !== null) showFailure(failure, form.fieldOf, problem);
    } finally {
      working(false);
      giveBack();
    }
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (save.disabled) return;
    clear();
    const giveBack = keepFocus();
    working(true);
    try {
      const saved = await call("PUT", `api/v1/servers/${encodeURIComponent(name)}`, {body: {connection: form.read()}, signal: left});
      form.forgetSecrets();
      form.write(saved.connection);
      fill(summary, serverSummary(saved, providers, {withConnection: !saved.may_change}));
      fill(outcome, el("p", {}, status("success", "Saved")));
      announce("Saved");
    } catch (error) {
      if (left.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      showFailure(error, form.fieldOf, problem);
    } finally {
      working(false);
      giveBack();
    }
  }

  async function removeIt() {
    clear();
    const syncs = server?.used_by ?? 0;
    const yes = await confirmed({
      title: `Delete server ${visibleText(name)}?`,
      text: ["Where it is and the password for it are forgotten. Tables that were imported stay.",
        ...syncs === 0 ? [] : [`${counted(syncs, "sync")} will fail without it.`]],
      action: "Delete", dangerous: true,
    }, left);
    if (!yes || left.aborted) return;
    const giveBack = keepFocus();
    working(true);
    try {
      await call("DELETE", `api/v1/servers/${encodeURIComponent(name)}`, {signal: left});
      announce("Deleted");
      go("servers");
    } catch (error) {
      if (left.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      showFailure(error, () => undefined, problem);
    } finally {
      working(false);
      giveBack();
    }
  }
}

/**
 * What of a connection is not the server's own: user and secrets.
 * @param {import("../parts/connection_form.js").ProviderInfo} info
 * @returns {import("../parts/connection_form.js").ProviderInfo}
 */
function accountOnly(info) {
  const connection = Object.fromEntries(Object.entries(info.parameters.connection)
    .filter(([key, {secret}]) => key === "username" || secret));
  return {features: {}, parameters: {...info.parameters, connection}};
}
