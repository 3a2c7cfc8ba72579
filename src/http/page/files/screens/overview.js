// All imports and syncs: what failed, what runs, what comes next.

import {runOf, endsBetween, importsToShow, isBusy, numberOf, sameRuns, syncsToShow} from "../base/activity.js";
import {call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {count, counted} from "../base/format.js";
import {whoAmI} from "../base/session.js";
import {onSessionEnd} from "../base/token.js";
import {announce} from "../parts/announce.js";
import {field} from "../parts/field.js";
import {follow} from "../parts/live_line.js";
import {piece} from "../parts/piece.js";
import {emptyText, noSchedulerText} from "./overview_texts.js";
import {importsTable, syncsTable} from "./overview_tables.js";

/** @typedef {import("../base/activity.js").Activity} Activity */
/** @typedef {import("../base/activity.js").Filter} Filter */

/** Rows that are asked for at most. */
const most = 200;
/** The server counts no more of them. */
const mostCounted = 10_000;
/** Milliseconds after a key before the server is asked. */
const typing = 300;
/** Milliseconds after which all is asked for anew; in between it is progress only. */
const allAgain = 3000;

/** Kept while other screens are looked at. @type {{search: string, filter: Filter}} */
const chosen = {search: "", filter: "all"};
onSessionEnd(() => Object.assign(chosen, {search: "", filter: "all"}));

/** @type {[Filter, string][]} */
const filters = [["all", "All"], ["failing", "Failing"], ["running", "Running"], ["paused", "Paused"]];

/** @type {import("../base/router.js").Show} */
export async function show(root, parameters, left) {
  const who = await whoAmI();
  /** @type {Activity | null} */
  let activity = null;
  let askedFor = chosen.search;
  let askedAt = 0;

  const search = field({
    label: "Search",
    input: el("input", {type: "search", value: chosen.search, spellcheck: "false", autocapitalize: "none", maxlength: 200, on: {input: typed}}),
    hint: "In tables, names, sources and servers",
  });
  const buttons = filters.map(([filter, label]) => {
    const number = el("span", {class: "soft"});
    const button = el("button", {type: "button", class: "filter", on: {click: () => choose(filter)}}, label, " ", number);
    return {filter, button, showNumber: piece(number, (/** @type {number} */ many) => count(many))};
  });
  const line = el("p");
  const banner = el("div");
  const content = el("div");
  const syncs = syncsTable(who.user);
  const imports = importsTable(who.user);
  const syncsNote = el("p", {class: "soft"});
  const importsNote = el("p", {class: "soft"});
  const syncsPart = el("div", {class: "listing"}, syncs.element, syncsNote);
  const importsPart = el("div", {class: "listing"}, imports.element, importsNote);
  const nothing = el("p", {class: "soft", role: "status"});
  const controls = el("div", {class: "toolbar", role: "search"},
    search.element,
    el("div", {class: "filters", role: "group", "aria-label": "Show"}, buttons.map(({button}) => button)));
  const showBanner = piece(banner, (/** @type {boolean} */ scheduler) => scheduler ? null : noSchedulerText());
  const showContent = piece(content, (/** @type {boolean} */ isEmpty) =>
    isEmpty ? emptyText(who) : [controls, nothing, syncsPart, importsPart]);

  /** @type {() => Promise<void>} */
  let lookNow = async () => {};
  lookNow = await follow({ask, show: showActivity, line, left});
  fill(root, line, banner, content);

  /** @param {"event" | "time"} why @returns {Promise<Activity>} */
  async function ask(why) {
    const before = activity;
    if (before && why === "time" && before.running.length > 0 && Date.now() - askedAt < allAgain) {
      const {now, running} = await call("GET", "api/v1/progress", {signal: left});
      // Another search may have begun meanwhile.
      if (before === activity && sameRuns(before, running)) return {...before, now, running};
    }
    askedFor = chosen.search;
    const query = new URLSearchParams({limit: String(most), ...(askedFor === "" ? {} : {search: askedFor})});
    const answer = await call("GET", `api/v1/activity?${query}`, {signal: left});
    askedAt = Date.now();
    return answer;
  }

  /** @param {Activity} answer @returns {import("../parts/live_line.js").Pace} */
  function showActivity(answer) {
    if (activity) {
      // Of many syncs some run always: only what fails is worth to be read out here.
      const failures = endsBetween(activity, answer).filter((text) => text.includes("failed"));
      if (failures.length > 0) announce(failures.join(". "));
    }
    activity = answer;
    showRows();
    return isBusy(answer) ? "busy" : "quiet";
  }

  function showRows() {
    if (!activity) return;
    showBanner(activity.scheduler);
    showContent(askedFor === "" && activity.syncs_total === 0 && activity.imports_total === 0);
    for (const {filter, button, showNumber} of buttons) {
      button.setAttribute("aria-pressed", String(filter === chosen.filter));
      showNumber(numberOf(activity, filter));
    }
    const all = activity;
    const shownSyncs = syncsToShow(activity, chosen.filter);
    const shownImports = importsToShow(activity, chosen.filter);
    syncs.show(shownSyncs.map((sync) => ({sync, running: runOf(all.running, sync.id), activity: all})));
    imports.show(shownImports.map((row) => ({row, running: runOf(all.running, row.item_queue_id)})));
    syncsPart.hidden = shownSyncs.length === 0;
    importsPart.hidden = shownImports.length === 0;
    setText(syncsNote, cutText("syncs", activity.syncs.length, activity.syncs_total));
    setText(importsNote, cutText("imports", activity.imports.length, activity.imports_total));
    setText(nothing, shownSyncs.length + shownImports.length > 0 ? "" : nothingText());
  }

  function nothingText() {
    const what = chosen.filter === "all" ? "Nothing" : `Nothing that is ${chosen.filter}`;
    return askedFor === "" ? `${what}.` : `${what} has “${askedFor}” in it.`;
  }

  /** @param {Filter} filter */
  function choose(filter) {
    chosen.filter = filter;
    showRows();
    announceNumber();
  }

  function announceNumber() {
    if (activity) announce(counted(numberOf(activity, chosen.filter), "row"));
  }

  /** @type {number | undefined} */
  let timer;
  function typed() {
    clearTimeout(timer);
    chosen.search = search.input.value.trim();
    timer = setTimeout(async () => {
      if (left.aborted || chosen.search === askedFor) return;
      // Other rows are no news of those before.
      activity = null;
      await lookNow();
      announceNumber();
    }, typing);
  }
  left.addEventListener("abort", () => clearTimeout(timer));
}

/** @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} things @param {number} shown @param {number} total */
function cutText(things, shown, total) {
  if (shown >= total) return "";
  const all = total > mostCounted ? `more than ${count(mostCounted)}` : count(total);
  return `Showing ${count(shown)} of ${all} ${things}. Search to find the others.`;
}
