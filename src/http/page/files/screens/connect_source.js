// The first step of #/connect: a saved server, or a new connection, which can be tested and saved.

import {ApiError, call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {announce} from "../parts/announce.js";
import {connectionForm} from "../parts/connection_form.js";
import {errorPanel} from "../parts/error_panel.js";
import {showFailure} from "../parts/failure.js";
import {field} from "../parts/field.js";
import {keepFocus} from "../parts/keep_focus.js";
import {disabledProviders, providerSelect} from "../parts/provider_select.js";
import {remoteText, visibleText} from "../parts/remote_text.js";
import {status} from "../parts/status.js";
import {serverSummary, titleOf} from "../parts/server_summary.js";
import {testConnection} from "../parts/server_test.js";

/**
 * Where the tables are.
 * @typedef {object} Source
 * @property {string} provider
 * @property {import("../parts/connection_form.js").ProviderInfo} info
 * @property {string | Record<string, unknown>} connection name of a saved server, or keys with secrets
 * @property {string[]} secrets keys of the connection
 * @property {string} title for people
 */

/**
 * @param {object} options
 * @param {import("../base/session.js").Who} options.who
 * @param {Record<string, import("../parts/provider_select.js").Provider>} options.providers
 * @param {import("../parts/server_summary.js").Server[]} options.servers
 * @param {string | null} options.chosen name of a saved server
 * @param {AbortSignal} options.left
 * @param {(source: Source) => void} options.next
 */
export function sourceStep({who, providers, servers, chosen, left, next}) {
  const problem = el("div");
  const outcome = el("div", {class: "outcome"});
  const details = el("div");
  const savePlace = el("div");
  const saveProblem = el("div");
  /** @type {import("../parts/connection_form.js").ConnectionForm | null} */
  let form = null;
  /** @type {import("../parts/connection_form.js").ProviderInfo | null} */
  let info = null;
  let isWorking = false;
  /** Those that were made already, with what was typed but for secrets.
   * @type {Map<string, {info: import("../parts/connection_form.js").ProviderInfo, form: import("../parts/connection_form.js").ConnectionForm}>} */
  const made = new Map();
  // Each look at a provider counts: an answer that comes late is not shown.
  let look = 0;

  const server = el("select", {on: {change: choose}});
  const serverField = field({
    label: "Saved server", input: server,
    hint: "Its password stays in the database. “Servers” shows and changes them.",
  });
  const provider = providerSelect(providers);
  provider.addEventListener("change", choose);
  const providerField = field({label: "Provider", input: provider, hint: disabledProviders(providers)});
  const test = el("button", {type: "button", on: {click: testIt}}, "Test connection");
  const goOn = el("button", {type: "submit", class: "primary"}, "Next");
  const name = el("input", {autocomplete: "off", autocapitalize: "none", spellcheck: "false"});
  const nameField = field({label: "Name of the server", input: name, hint: "One word, as “shop”, by which requests name it."});
  const save = el("button", {type: "button", on: {click: saveServer}}, "Save as a server");
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    saveServer();
  });
  fill(savePlace, el("details", {}, el("summary", {}, "Keep it for later"),
    el("p", {}, "A saved server keeps the password in the database, for you alone: later imports need its name only."),
    saveProblem, nameField.element, el("p", {}, save)));

  // What a test has said is not of another connection.
  const onInput = () => {
    if (!isWorking) fill(outcome);
  };
  const element = el("form", {class: "form", novalidate: true, on: {submit, input: onInput}},
    problem,
    chosen !== null && !servers.some((one) => one.name === chosen)
      ? el("p", {class: "notice"}, "There is no server ", remoteText(chosen, {limit: 63}), " that this role may use.") : null,
    who.can_connect ? null : noConnections(who, servers.length > 0),
    serverField.element, providerField.element, details, outcome,
    el("p", {class: "actions"}, goOn, test), savePlace);

  showServers(chosen);

  /** @param {string | null} selected */
  function showServers(selected) {
    fill(server,
      who.can_connect ? el("option", {value: ""}, "None: a new connection") : null,
      servers.map((one) => el("option", {value: one.name}, visibleText(one.name))));
    server.value = selected !== null && servers.some((one) => one.name === selected) ? selected : server.options[0]?.value ?? "";
    serverField.element.hidden = servers.length === 0;
    choose();
  }

  /** @returns {import("../parts/server_summary.js").Server | undefined} */
  function savedServer() {
    return servers.find((one) => one.name === server.value);
  }

  /** Shows what belongs to the server or the provider that is chosen. */
  async function choose() {
    const saved = savedServer();
    look += 1;
    const mine = look;
    fill(problem);
    fill(outcome);
    info = null;
    form?.forgetSecrets();
    form = null;
    providerField.element.hidden = saved !== undefined || !who.can_connect;
    savePlace.hidden = saved !== undefined || !who.can_connect;
    goOn.disabled = test.disabled = true;
    const id = saved ? saved.provider : provider.value;
    if (!saved && !who.can_connect || id === "") {
      fill(details);
      return;
    }
    const before = made.get(id);
    if (before && !saved) {
      ({info, form} = before);
      show(null);
      return;
    }
    fill(details, el("p", {class: "busy"}, "Loading…"));
    try {
      const answer = await call("GET", `api/v1/connectors/${encodeURIComponent(id)}`, {signal: left});
      if (mine !== look) return;
      info = answer;
    } catch (error) {
      if (left.aborted || mine !== look) return;
      if (!(error instanceof ApiError)) throw error;
      fill(details, errorPanel(error), el("p", {}, el("button", {type: "button", on: {click: choose}}, "Try again")));
      return;
    }
    if (info === null) return;
    if (!saved) {
      form = connectionForm(info, {superuser: who.superuser});
      made.set(id, {info, form});
    }
    show(saved ?? null);
  }

  /** @param {import("../parts/server_summary.js").Server | null} saved */
  function show(saved) {
    goOn.disabled = test.disabled = false;
    if (saved) fill(details, serverSummary(saved, providers));
    else if (form) fill(details, el("fieldset", {}, el("legend", {}, "Connection"), form.element));
  }

  /** @returns {Source | null} */
  function read() {
    if (info === null) return null;
    const saved = savedServer();
    if (saved) {
      return {provider: saved.provider, info, connection: saved.name, secrets: [], title: `server ${visibleText(saved.name)}`};
    }
    if (form === null) return null;
    const connection = form.read();
    return {
      provider: provider.value, info, connection, secrets: form.secrets,
      title: titleOf(providers[provider.value]?.name, connection),
    };
  }

  function clear() {
    fill(problem);
    fill(saveProblem);
    fill(outcome);
    form?.clearErrors();
    nameField.setError(null);
  }

  /** @param {ApiError} error @param {HTMLElement} place */
  function fail(error, place) {
    showFailure(error, (parameter) => form?.fieldOf(parameter) ?? (parameter === "name" ? nameField : undefined), place);
  }

  async function testIt() {
    const source = read();
    if (source === null || isWorking) return;
    clear();
    const giveBack = keepFocus();
    working(true);
    try {
      const failure = await testConnection(outcome, source, left);
      if (failure !== null) fail(failure, problem);
    } finally {
      working(false);
      giveBack();
    }
  }

  async function saveServer() {
    const source = read();
    if (source === null || isWorking) return;
    clear();
    if (name.value.trim() === "") {
      nameField.setError("Enter a name.");
      name.focus();
      return;
    }
    const giveBack = keepFocus();
    working(true);
    try {
      const saved = await call("POST", "api/v1/servers",
        {body: {name: name.value.trim(), provider: source.provider, connection: source.connection}, signal: left});
      servers.push(saved);
      name.value = "";
      showServers(saved.name);
      fill(outcome, el("p", {}, status("success", `Saved as server ${visibleText(saved.name)}`)));
      announce(`Saved as server ${saved.name}`);
      server.focus();
    } catch (error) {
      if (left.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      fail(error, saveProblem);
    } finally {
      working(false);
      giveBack();
    }
  }

  /** @param {boolean} now */
  function working(now) {
    isWorking = now;
    test.disabled = save.disabled = now;
    goOn.disabled = now || info === null;
    server.disabled = provider.disabled = now;
  }

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    const source = read();
    if (source === null || isWorking) return;
    clear();
    form?.putAwaySecrets();
    next(source);
  }

  return {
    element,
    /** The remote refused later what was given here. @param {ApiError} error */
    showFailure: (error) => fail(error, problem),
    /** @param {string} parameter */
    owns: (parameter) => form?.fieldOf(parameter) !== undefined,
    forget: () => form?.forgetSecrets(),
  };
}

/** @param {import("../base/session.js").Who} who @param {boolean} hasServers */
function noConnections(who, hasServers) {
  const role = `"${who.user.replaceAll('"', '""')}"`;
  return el("div", {class: "notice"},
    el("p", {}, hasServers
      ? "This role may connect by saved servers only. For connections of its own, ask an administrator for this:"
      : "This role may not open connections, and there is no saved server that it may use. Ask an administrator for one, or for this:"),
    el("pre", {tabindex: 0}, visibleText(`GRANT USAGE ON FOREIGN DATA WRAPPER connector TO ${role};`)));
}
