// The third step of #/connect: what the new table would be, by which rules, and the start.

import {ApiError, call} from "../base/api.js";
import {curlCommand, importSql, importTablesSql, masked, syncSql} from "../base/commands.js";
import {el, fill} from "../base/dom.js";
import {count} from "../base/format.js";
import {batchBodies, connectorOf} from "../base/import_requests.js";
import {announce} from "../parts/announce.js";
import {Cancelled, run} from "../parts/busy.js";
import {copyButton} from "../parts/copy_button.js";
import {dryRun} from "../parts/dry_run.js";
import {errorPanel} from "../parts/error_panel.js";
import {showFailure} from "../parts/failure.js";
import {field} from "../parts/field.js";
import {keepFocus} from "../parts/keep_focus.js";
import {visibleText} from "../parts/remote_text.js";
import {rulesForm} from "./connect_rules.js";

/** @typedef {import("./connect_source.js").Source} Source */
/** @typedef {import("./connect_choose.js").Choice} Choice */
/** @typedef {import("../parts/table_chooser.js").RemoteTable} RemoteTable */

/**
 * What was started.
 * @typedef {{import: string, notices: string[]} | {sync: string, notices: string[]}
 *   | {tables: Record<string, any>[], failure: ApiError | null}} Started
 */

/** Seconds. */
const longest = 300;
const previewRows = 10;

/**
 * @param {object} options
 * @param {import("../base/session.js").Who} options.who
 * @param {AbortSignal} options.left
 * @param {() => void} options.back
 * @param {(started: Started) => void} options.done
 * @param {(error: ApiError) => boolean} options.isAboutSource
 */
export function previewStep({who, left, back, done, isAboutSource}) {
  /** @type {{source: Source, choice: Choice} | null} */
  let about = null;
  /** @type {{provider: string, isMany: boolean, form: ReturnType<typeof rulesForm>} | null} */
  let rules = null;
  let isStarting = false;
  let isShown = false;
  let stopPreview = new AbortController();
  left.addEventListener("abort", () => stopPreview.abort());

  const title = el("p", {class: "subject"});
  const which = el("select", {on: {change: preview}});
  const whichField = field({
    label: "Table to look at", input: which, hint: "One at a time; the rules below are for all of them.",
  });
  const busy = el("div");
  const result = el("div");
  const again = el("button", {type: "button", on: {click: preview}}, "Preview again");
  const rulesPlace = el("div");
  const problem = el("div");
  const start = el("button", {type: "submit", class: "primary"}, "Import");
  const element = el("form", {novalidate: true, on: {submit}},
    title, whichField.element, busy, result, el("p", {}, again),
    el("h2", {}, "Name and rules"), problem, rulesPlace,
    el("p", {class: "actions"},
      copyButton("Copy as curl", () => commands().curl), copyButton("Copy as SQL", () => commands().sql)),
    el("p", {class: "actions bar"}, start, el("button", {type: "button", on: {click: back}}, "Back")));

  /** @param {Choice} choice */
  function isMany(choice) {
    return "tables" in choice && (choice.tables.length > 1 || choice.tables[0]?.kind === "pattern");
  }

  /** What the preview is of. @returns {RemoteTable | {query: string, name: string} | null} */
  function seen() {
    if (about === null) return null;
    const {choice} = about;
    if ("query" in choice) return choice;
    if (!isMany(choice)) return choice.tables[0] ?? null;
    return which.value === "" ? null : choice.tables[Number(which.value)] ?? null;
  }

  function form() {
    if (rules === null) throw new Error("the step is not open");
    return rules.form;
  }

  async function preview() {
    const what = seen();
    if (about === null) return;
    const {source, choice} = about;
    stopPreview.abort();
    stopPreview = new AbortController();
    const {signal: stopped} = stopPreview;
    fill(problem);
    fill(result);
    form().clearErrors();
    again.hidden = what === null;
    if (what === null) {
      fill(result, el("p", {class: "notice"}, "Which tables the patterns mean is looked up when they are imported: there is no preview."));
      return;
    }
    const giveBack = keepFocus();
    again.hidden = true;
    isShown = false;
    try {
      const dry = await run(busy, `Looking at ${visibleText(what.name).slice(0, 100)}`, longest, stopped, (signal) =>
        call("POST", `api/v1/connectors/${encodeURIComponent(source.provider)}/dryrun?preview_rows=${previewRows}`,
          {body: connectorOf(source, what, form().read()), signal, timeout: longest}));
      if (stopped.aborted) return;
      form().suggest(dry);
      fill(result, dryRun(dry));
      isShown = true;
      announce("The preview is there");
    } catch (error) {
      if (stopped.aborted) return;
      if (error instanceof Cancelled) {
        fill(result, el("p", {class: "notice"}, "The preview was cancelled. An import does not need it."));
      } else if (error instanceof ApiError) {
        if (!isMany(choice) && isAboutSource(error)) return;
        if (error.parameter !== null && form().fieldOf(error.parameter)) showFailure(error, form().fieldOf, problem);
        else fill(result, errorPanel(error, {title: "There is no preview."}));
      } else {
        throw error;
      }
    } finally {
      if (!stopped.aborted) {
        again.hidden = false;
        giveBack();
      }
    }
  }

  /** What the button does: the calls, one but for tables of several schemas.
   * @returns {{path: string, body: Record<string, any>}[]} */
  function requests() {
    if (about === null) return [];
    const {source, choice} = about;
    const read = form().read();
    const seconds = form().seconds();
    if (isMany(choice) && "tables" in choice) {
      return batchBodies(source, choice.tables, read, seconds).map((body) => ({path: "api/v1/batches", body}));
    }
    const what = seen();
    if (what === null) return [];
    const connector = connectorOf(source, what, read);
    return seconds === null
      ? [{path: "api/v1/imports", body: {connector}}]
      : [{path: "api/v1/synchronizations", body: {connector, interval: seconds}}];
  }

  function commands() {
    const secrets = about?.source.secrets ?? [];
    const all = requests().map(({path, body}) => ({path, body: {...body, connector: masked(body.connector, secrets)}}));
    return {
      curl: all.map(({path, body}) => curlCommand({user: who.user, method: "POST", path, body})).join("\n"),
      sql: all.map(({path, body: {connector, ...rest}}) => sqlOf(path, connector, rest)).join("\n"),
    };
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (about === null || isStarting) return;
    const {choice} = about;
    fill(problem);
    form().clearErrors();
    if (!form().isComplete()) return;
    const giveBack = keepFocus();
    isStarting = start.disabled = true;
    announce("Starting");
    /** @type {Record<string, any>[]} */
    const tables = [];
    try {
      for (const {path, body} of requests()) {
        const answer = await call("POST", path, {body, signal: left, timeout: longest});
        if (path === "api/v1/batches") tables.push(...answer.tables);
        else if (path === "api/v1/imports") done({import: answer.item_queue_id, notices: answer.notices ?? []});
        else done({sync: answer.id, notices: answer.notices ?? []});
      }
      if (isMany(choice)) done({tables, failure: null});
    } catch (error) {
      if (left.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (tables.length > 0) done({tables, failure: error});
      else if (!isAboutSource(error)) showFailure(error, form().fieldOf, problem);
    } finally {
      isStarting = start.disabled = false;
      giveBack();
    }
  }

  return {
    element,
    /** @param {Source} source @param {Choice} choice */
    open(source, choice) {
      const isOther = about === null || JSON.stringify(about) !== JSON.stringify({source, choice});
      about = {source, choice};
      const many = isMany(choice);
      if (rules === null || rules.provider !== source.provider || rules.isMany !== many) {
        rules = {provider: source.provider, isMany: many, form: rulesForm({who, info: source.info, isMany: many})};
        fill(rulesPlace, rules.form.element);
      }
      if (!isOther) {
        if (!isShown) preview();
        return;
      }
      rules.form.forgetTable("query" in choice ? choice.name : choice.tables[0]?.name ?? "");
      fill(title, el("bdi", {}, nameOf(choice)), " from ", el("bdi", {}, source.title));
      fill(start, many && "tables" in choice ? startText(choice.tables) : "Import");
      fill(which, many && "tables" in choice
        ? choice.tables.map(({name, kind}, index) => kind === "pattern" ? null : el("option", {value: index}, visibleText(name)))
        : null);
      whichField.element.hidden = which.options.length === 0;
      preview();
    },
  };
}

/** @param {Choice} choice */
function nameOf(choice) {
  if ("query" in choice) return `A query into ${visibleText(choice.name)}`;
  const [first] = choice.tables;
  if (choice.tables.length === 1 && first) {
    return `${first.schema === null ? "" : `${visibleText(first.schema)}.`}${visibleText(first.name)}`;
  }
  return `${count(choice.tables.length)} tables`;
}

/** @param {RemoteTable[]} tables */
function startText(tables) {
  return tables.some(({kind}) => kind === "pattern") ? "Import these tables" : `Import ${count(tables.length)} tables`;
}

/** @param {string} path @param {Record<string, unknown>} connector @param {Record<string, any>} rest */
function sqlOf(path, connector, {tables, interval}) {
  if (path === "api/v1/batches") return importTablesSql(connector, tables, interval);
  return path === "api/v1/imports" ? importSql(connector) : syncSql(connector, interval);
}
