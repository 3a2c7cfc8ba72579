// Screens by the fragment of the address, `#/syncs/ID`: each has an address of its own that works after a reload, and
// the server sees none of it.

import {ApiError} from "./api.js";
import {el, fill} from "./dom.js";
import {errorPanel} from "../parts/error_panel.js";
import {noticePanel} from "../parts/notice_panel.js";

/**
 * Shows a screen in `root`. What it returns is called when the screen is left.
 * @callback Show
 * @param {HTMLElement} root
 * @param {Record<string, string>} parameters of the address
 * @param {AbortSignal} left aborts when the screen is left: give it to each call
 * @returns {Promise<void> | void}
 */

/**
 * @typedef {object} Screen
 * @property {string} path `syncs/:id/edit`
 * @property {string} title of the document and the screen's heading
 * @property {Show} show
 * @property {boolean} [forEverybody] without a session
 */

/** @param {string} path `#/syncs/ID`'s part behind `#/`, encoded by addressOf() */
export function go(path) {
  location.hash = `#/${path}`;
}

/** @type {string[]} */
let notices = [];

/** What the next screen shows above its content: what the database said beside an answer. @param {string[]} texts */
export function tellNext(texts) {
  notices = texts;
}

/** @param {...string} segments @returns {string} for href */
export function addressOf(...segments) {
  return `#/${segments.map(encodeURIComponent).join("/")}`;
}

/** Sets the heading once a screen knows what it is about. @param {string} text */
export function setTitle(text) {
  document.title = `${text} · connector`;
  const heading = document.querySelector("main h1");
  if (heading && heading.textContent !== text) fill(heading, text);
}

/**
 * @param {HTMLElement} main
 * @param {Screen[]} screens
 * @param {() => boolean} isLoggedIn
 */
export function startRouter(main, screens, isLoggedIn) {
  /** @type {AbortController} */
  let current = new AbortController();
  let isFirst = true;

  async function change() {
    current.abort();
    current = new AbortController();
    const {signal} = current;
    const path = location.hash.replace(/^#\/?/, "");
    if (!isLoggedIn() && !path.startsWith("login")) {
      sessionStorage.setItem("connector-return", path);
      // In its place: the browser's Back would lead to it, and from there here again.
      location.replace("#/login");
      return;
    }
    const found = match(screens, path);
    const heading = el("h1", {tabindex: -1}, found ? found.screen.title : "There is no such page");
    const root = el("div", {class: "screen"});
    fill(main, heading, notices.length === 0 ? null : noticePanel(notices), root);
    notices = [];
    setTitle(heading.textContent ?? "");
    markNavigation(path);
    if (!found) {
      fill(root, el("p", {}, "The address names nothing that is here. ", el("a", {href: "#/"}, "Back to the overview")));
    }
    // Where one has come by a link the heading is read out; after a reload focus stays where the browser has it.
    if (!isFirst) {
      heading.focus({preventScroll: true});
      window.scrollTo(0, 0);
    }
    isFirst = false;
    if (!found) return;
    try {
      await found.screen.show(root, found.parameters, signal);
    } catch (error) {
      // Without a session the log-in comes next.
      if (signal.aborted || (!found.screen.forEverybody && !isLoggedIn())) return;
      fill(root, errorPanel(error instanceof ApiError ? error : new ApiError(0, {errors: String(error)})),
        el("p", {}, el("button", {type: "button", on: {click: change}}, "Try again")));
      if (!(error instanceof ApiError)) throw error;
    }
  }

  window.addEventListener("hashchange", change);
  change();
}

/** @param {Screen[]} screens @param {string} path
 * @returns {{screen: Screen, parameters: Record<string, string>} | null} */
function match(screens, path) {
  const segments = path === "" ? [] : path.split("/").map(decoded);
  for (const screen of screens) {
    const wanted = screen.path === "" ? [] : screen.path.split("/");
    if (wanted.length !== segments.length) continue;
    /** @type {Record<string, string>} */
    const parameters = {};
    const fits = wanted.every((word, index) => {
      const segment = segments[index] ?? "";
      if (!word.startsWith(":")) return word === segment;
      parameters[word.slice(1)] = segment;
      return segment !== "";
    });
    if (fits) return {screen, parameters};
  }
  return null;
}

/** @param {string} segment */
function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** @param {string} path */
function markNavigation(path) {
  const first = path.split("/")[0] ?? "";
  for (const link of document.querySelectorAll("nav a")) {
    const target = (link.getAttribute("href") ?? "").replace(/^#\//, "");
    if (target === first) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
