// #/new-server: saves a connection under a name.

import {ApiError, call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {go} from "../base/router.js";
import {whoAmI} from "../base/session.js";
import {announce} from "../parts/announce.js";
import {connectionForm} from "../parts/connection_form.js";
import {errorPanel} from "../parts/error_panel.js";
import {showFailure} from "../parts/failure.js";
import {field} from "../parts/field.js";
import {keepFocus} from "../parts/keep_focus.js";
import {disabledProviders, providerSelect} from "../parts/provider_select.js";
import {testConnection} from "../parts/server_test.js";
import {titleOf} from "../parts/server_summary.js";

/** @type {import("../base/router.js").Show} */
export async function show(root, parameters, left) {
  fill(root, el("p", {class: "busy"}, "Loading…"));
  const [who, providers] = await Promise.all([whoAmI(), call("GET", "api/v1/connectors", {signal: left})]);
  if (left.aborted) return;
  /** @type {import("../parts/connection_form.js").ConnectionForm | null} */
  let form = null;
  let look = 0;

  const problem = el("div");
  const outcome = el("div", {class: "outcome"});
  const details = el("div");
  const name = el("input", {autocomplete: "off", autocapitalize: "none", spellcheck: "false"});
  const nameField = field({label: "Name", input: name, required: true, hint: "By which requests name it: “shop”."});
  const provider = providerSelect(providers);
  provider.addEventListener("change", choose);
  const providerField = field({label: "Provider", input: provider, hint: disabledProviders(providers)});
  const save = el("button", {type: "submit", class: "primary"}, "Save");
  const test = el("button", {type: "button", on: {click: testIt}}, "Test connection");
  fill(root, el("form", {class: "form", novalidate: true, on: {submit}},
    problem, nameField.element, providerField.element, details, outcome, el("p", {class: "actions"}, save, test,
      el("a", {href: "#/servers"}, "Cancel"))));
  left.addEventListener("abort", () => form?.forgetSecrets());
  await choose();

  async function choose() {
    look += 1;
    const mine = look;
    form?.forgetSecrets();
    form = null;
    save.disabled = test.disabled = true;
    fill(details, el("p", {class: "busy"}, "Loading…"));
    try {
      const info = await call("GET", `api/v1/connectors/${encodeURIComponent(provider.value)}`, {signal: left});
      if (mine !== look) return;
      form = connectionForm(info, {superuser: who.superuser});
      fill(details, el("fieldset", {}, el("legend", {}, "Connection"), form.element));
      save.disabled = test.disabled = false;
    } catch (error) {
      if (left.aborted || mine !== look) return;
      if (!(error instanceof ApiError)) throw error;
      fill(details, errorPanel(error), el("p", {}, el("button", {type: "button", on: {click: choose}}, "Try again")));
    }
  }

  /** @param {ApiError} error */
  function fail(error) {
    showFailure(error, (parameter) => form?.fieldOf(parameter) ?? (parameter === "name" ? nameField : undefined), problem);
  }

  function clear() {
    fill(problem);
    fill(outcome);
    nameField.setError(null);
    form?.clearErrors();
  }

  async function testIt() {
    if (form === null || test.disabled) return;
    clear();
    const giveBack = keepFocus();
    save.disabled = test.disabled = true;
    const connection = form.read();
    try {
      const failure = await testConnection(outcome,
        {provider: provider.value, connection, title: titleOf(providers[provider.value]?.name, connection)}, left);
      if (failure !== null) fail(failure);
    } finally {
      save.disabled = test.disabled = form === null;
      giveBack();
    }
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (form === null || save.disabled) return;
    clear();
    if (name.value.trim() === "") {
      nameField.setError("Enter a name.");
      name.focus();
      return;
    }
    const giveBack = keepFocus();
    save.disabled = test.disabled = true;
    try {
      await call("POST", "api/v1/servers",
        {body: {name: name.value.trim(), provider: provider.value, connection: form.read()}, signal: left});
      announce("Saved");
      go("servers");
    } catch (error) {
      if (left.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      fail(error);
    } finally {
      save.disabled = test.disabled = form === null;
      giveBack();
    }
  }
}
