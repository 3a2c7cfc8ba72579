// The second step of #/connect: tables of the remote, or a query.

import {ApiError, callWithNotice} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {count, counted} from "../base/format.js";
import {announce} from "../parts/announce.js";
import {Cancelled, run} from "../parts/busy.js";
import {showFailure} from "../parts/failure.js";
import {field} from "../parts/field.js";
import {keepFocus} from "../parts/keep_focus.js";
import {noticePanel} from "../parts/notice_panel.js";
import {tableChooser} from "../parts/table_chooser.js";

/** @typedef {import("./connect_source.js").Source} Source */
/** @typedef {import("../parts/table_chooser.js").RemoteTable} RemoteTable */

/**
 * What is to be imported: tables, or a query and the name of its table.
 * @typedef {{tables: RemoteTable[]} | {query: string, name: string}} Choice
 */

/** Seconds. */
const longest = 300;
/** Tables that are asked for at first; the database may allow more. */
const firstLimit = 10_000;

/**
 * @param {object} options
 * @param {import("../base/session.js").Who} options.who
 * @param {AbortSignal} options.left
 * @param {() => void} options.back
 * @param {(choice: Choice) => void} options.next
 * @param {(error: ApiError) => boolean} options.isAboutSource takes failures that are about the step before
 */
export function chooseStep({who, left, back, next, isAboutSource}) {
  /** @type {Source | null} */
  let source = null;
  let limit = Math.min(who.max_listed_tables, firstLimit);
  /** Of which source the list is. @type {string | null} */
  let listed = null;
  let stopListing = new AbortController();
  left.addEventListener("abort", () => stopListing.abort());

  const title = el("p", {class: "subject"});
  const problem = el("div");
  const busy = el("div");
  const cut = el("div");
  const chooser = tableChooser((chosen) => fill(number, `${count(chosen.length)} chosen`));
  const number = el("span", {class: "hint"});

  const tablesRadio = el("input", {type: "radio", name: "what", checked: true, on: {change: showWhat}});
  const queryRadio = el("input", {type: "radio", name: "what", on: {change: showWhat}});
  const plain = {autocomplete: "off", autocapitalize: "none", spellcheck: "false"};
  const schema = el("input", plain);
  const schemaField = field({label: "Remote schema", input: schema, hint: "Empty: that of the connection, or all."});
  const listAgain = el("button", {type: "button", on: {click: list}}, "List again");
  const pattern = el("input", plain);
  const patternField = field({
    label: "Name or pattern", input: pattern,
    hint: "What the list does not have: an exact name, or * for any characters and ? for one.",
  });
  const add = el("button", {type: "button", on: {click: addPattern}}, "Add");
  const query = el("textarea", {rows: 8, spellcheck: "false", autocapitalize: "none"});
  const queryField = field({
    label: "SQL query", input: query, required: true,
    hint: "In the language of the remote database, which runs it once for each import.",
  });
  const name = el("input", plain);
  const nameField = field({label: "Name of the new table", input: name, required: true});

  onEnter(schema, list);
  onEnter(pattern, addPattern);

  const tablesPart = el("div", {},
    el("div", {class: "inline"}, schemaField.element, listAgain),
    busy, cut, chooser.element,
    el("div", {class: "inline"}, patternField.element, add));
  const queryPart = el("div", {class: "form", hidden: true}, queryField.element, nameField.element);
  const radios = el("fieldset", {class: "choices"}, el("legend", {}, "What to import"),
    field({label: "Tables", input: tablesRadio}).element, field({label: "Query", input: queryRadio}).element);
  const element = el("form", {novalidate: true, on: {submit}}, title, radios, problem, tablesPart, queryPart,
    el("p", {class: "actions bar"}, el("button", {type: "submit", class: "primary"}, "Preview"),
      el("button", {type: "button", on: {click: back}}, "Back"), number));

  function showWhat() {
    tablesPart.hidden = queryRadio.checked;
    queryPart.hidden = !queryRadio.checked;
    number.hidden = queryRadio.checked;
    fill(problem);
  }

  async function list() {
    if (source === null) return;
    const {provider, connection} = source;
    stopListing.abort();
    stopListing = new AbortController();
    const {signal: stopped} = stopListing;
    const giveBack = keepFocus();
    listAgain.disabled = true;
    fill(problem);
    fill(cut);
    schemaField.setError(null);
    try {
      const {answer, notice} = await run(busy, "Listing tables", longest, stopped, (signal) =>
        callWithNotice("POST", `api/v1/connectors/${encodeURIComponent(provider)}/tables?limit=${limit}`,
          {body: {connection, ...schema.value.trim() === "" ? {} : {schema: schema.value.trim()}}, signal, timeout: longest}));
      if (stopped.aborted) return;
      listed = keyOf({provider, connection});
      chooser.show(answer);
      chooser.element.hidden = false;
      if (answer.length === 0) {
        fill(cut, el("p", {class: "notice"}, "The account sees no tables here. Another remote schema, an exact name, or a query may help."));
      } else if (answer.length >= limit) {
        showCut(answer.length, notice !== null);
      } else if (notice !== null) {
        fill(cut, noticePanel([notice]));
      }
      announce(counted(answer.length, "table"));
    } catch (error) {
      if (stopped.aborted) return;
      if (error instanceof Cancelled) {
        fill(cut, el("p", {class: "notice"}, "The list was cancelled. “List again” asks once more; a name, a pattern or a query need no list."));
      } else if (error instanceof ApiError) {
        if (!isAboutSource(error)) {
          showFailure(error, (parameter) => parameter === "schema" ? schemaField : undefined, problem);
        }
      } else {
        throw error;
      }
    } finally {
      if (!stopped.aborted) {
        listAgain.disabled = false;
        giveBack();
      }
    }
  }

  /** @param {number} length @param {boolean} isSure the database says so; a role may not want to hear it */
  function showCut(length, isSure) {
    const larger = Math.min(who.max_listed_tables, limit * 4);
    fill(cut, el("div", {class: "notice"},
      el("p", {}, el("strong", {}, isSure ? `The list was cut after ${count(length)} tables.`
        : `The list has ${count(length)} tables, as many as were asked for; there may be more.`), " ",
        "For others give the remote schema and list again, or add them by an exact name or a pattern below."),
      larger > limit
        ? el("p", {}, el("button", {type: "button", on: {click: () => {
            limit = larger;
            list();
          }}}, `List up to ${count(larger)}`))
        : el("p", {}, `More are never listed here: connector.max_listed_tables is ${count(who.max_listed_tables)}.`)));
  }

  function addPattern() {
    const text = pattern.value.trim();
    patternField.setError(text === "" ? "Enter a name or a pattern." : null);
    if (text === "") {
      pattern.focus();
      return;
    }
    const isPattern = /[*?]/.test(text) || text.startsWith("!");
    chooser.add({schema: schema.value.trim() || null, name: text, kind: isPattern ? "pattern" : "by name", estimated_rows: null});
    announce(`${text} added`);
    pattern.value = "";
  }

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    fill(problem);
    if (queryRadio.checked) {
      queryField.setError(query.value.trim() === "" ? "Enter a query." : null);
      nameField.setError(name.value.trim() === "" ? "Enter a name for its table." : null);
      if (query.value.trim() === "") query.focus();
      else if (name.value.trim() === "") name.focus();
      else next({query: query.value, name: name.value.trim()});
      return;
    }
    const tables = chooser.chosen();
    if (tables.length === 0) {
      const text = "Choose at least one table.";
      fill(problem, el("p", {class: "field-error", role: "alert"}, text));
      chooser.element.querySelector("input")?.focus();
      return;
    }
    next({tables});
  }

  return {
    element,
    /** @param {Source} given */
    open(given) {
      source = given;
      fill(title, "From ", el("bdi", {}, given.title));
      radios.hidden = given.info.features.sql_queries === false;
      if (radios.hidden) {
        tablesRadio.checked = true;
        showWhat();
      }
      if (listed === keyOf(given)) return;
      listed = null;
      chooser.clear();
      chooser.element.hidden = true;
      list();
    },
  };
}

/** @param {{provider: string, connection: unknown}} source */
function keyOf({provider, connection}) {
  return JSON.stringify([provider, connection]);
}

/** Enter in this input does that, and does not send the form. @param {HTMLInputElement} input @param {() => void} act */
function onEnter(input, act) {
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    act();
  });
}
