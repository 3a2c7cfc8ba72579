// #/connect: from a source to imports and syncs, in steps. All steps stay as they are while one goes back and forth;
// when the screen is left, all that was typed is gone.

import {call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {go, setTitle, tellNext} from "../base/router.js";
import {whoAmI} from "../base/session.js";
import {steps} from "../parts/steps.js";
import {chooseStep} from "./connect_choose.js";
import {previewStep} from "./connect_preview.js";
import {results} from "./connect_results.js";
import {sourceStep} from "./connect_source.js";

/** @typedef {"source" | "choose" | "preview" | "results"} StepName */

/** @type {StepName[]} */
const order = ["source", "choose", "preview", "results"];
/** @type {Record<StepName, string>} */
const titles = {source: "Connect", choose: "Choose tables", preview: "Preview", results: "What became of the tables"};

/** @type {import("../base/router.js").Show} */
export async function show(root, parameters, left) {
  fill(root, el("p", {class: "busy"}, "Loading…"));
  const [who, providers, {servers}] = await Promise.all([
    whoAmI(), call("GET", "api/v1/connectors", {signal: left}), call("GET", "api/v1/servers", {signal: left})]);
  if (left.aborted) return;

  /** @type {StepName} */
  let current = "source";
  /** @type {import("./connect_source.js").Source | null} */
  let source = null;
  const resultsPlace = el("div");
  const where = steps(["Source", "Tables", "Preview and rules"]);
  const body = el("div");

  /** A refused connection is mended where it was typed. @param {import("../base/api.js").ApiError} error */
  function isAboutSource(error) {
    if (error.parameter === null || !sources.owns(error.parameter)) return false;
    enter("source");
    sources.showFailure(error);
    return true;
  }

  const sources = sourceStep({
    who, providers, servers, chosen: parameters.server ?? null, left,
    next(given) {
      source = given;
      enter("choose");
      choices.open(given);
    },
  });
  const choices = chooseStep({
    who, left, back: () => enter("source"), isAboutSource,
    next(choice) {
      if (source === null) return;
      enter("preview");
      previews.open(source, choice);
    },
  });
  const previews = previewStep({
    who, left, back: () => enter("choose"), isAboutSource,
    done(started) {
      if ("tables" in started) {
        fill(resultsPlace, results(started.tables, started.failure, () => enter("source")));
        enter("results");
        return;
      }
      tellNext(started.notices);
      go("import" in started ? `imports/${started.import}` : `syncs/${started.sync}`);
    },
  });
  /** @type {Record<StepName, HTMLElement>} */
  const elements = {source: sources.element, choose: choices.element, preview: previews.element, results: resultsPlace};

  // The browser's Back goes a step back; of the steps the history has the names and nothing else.
  /** @param {StepName} step */
  function enter(step) {
    if (step === current) return;
    history.pushState({step}, "");
    render(step, true);
  }

  /** @param {PopStateEvent} event */
  function onHistory(event) {
    const step = order.find((name) => name === event.state?.step) ?? "source";
    // A step that nothing has led to since the page was loaded.
    const isEmpty = step !== "source" && source === null || step === "results" && resultsPlace.childElementCount === 0;
    render(isEmpty ? "source" : step, true);
  }

  /** @param {StepName} step @param {boolean} moveFocus */
  function render(step, moveFocus) {
    current = step;
    setTitle(titles[step]);
    where.show(order.indexOf(step));
    fill(body, elements[step]);
    if (!moveFocus) return;
    /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus({preventScroll: true});
    window.scrollTo(0, 0);
  }

  window.addEventListener("popstate", onHistory);
  left.addEventListener("abort", () => {
    window.removeEventListener("popstate", onHistory);
    sources.forget();
    source = null;
  });
  fill(root, where.element, body);
  // After a reload the entry of the history may have the name of a later step.
  history.replaceState({step: "source"}, "");
  render("source", false);
}
