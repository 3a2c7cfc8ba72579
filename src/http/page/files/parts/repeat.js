// How often: once, or an interval, at a time of the day where it is of whole days.

import {el, freshId} from "../base/dom.js";
import {units} from "../base/sync_change.js";
import {field} from "./field.js";

const usual = /** @type {[string, number][]} */ ([
  ["Every 15 minutes", 900], ["Every hour", 3600], ["Every 6 hours", 21_600], ["Every day", 86_400], ["Every week", 604_800],
]);
const day = 86_400;

/** @param {() => void} onChange */
export function repeat(onChange) {
  const choice = el("select", {on: {change}},
    el("option", {value: ""}, "Once"),
    usual.map(([text, seconds]) => el("option", {value: seconds}, text)),
    el("option", {value: "other"}, "Other"));
  const number = el("input", {type: "number", min: 1, value: 30, class: "short", on: {input: change}});
  const unit = el("select", {on: {change}}, units.filter(([seconds]) => seconds >= 60).map(([seconds, text]) => el("option", {value: seconds}, text)));
  const at = el("input", {type: "time"});
  const zones = el("datalist", {id: freshId()}, timeZones().map((zone) => el("option", {value: zone})));
  const zone = el("input", {list: zones.id, autocomplete: "off", spellcheck: "false", value: ownZone()});
  const choiceField = field({label: "Repeat", input: choice, hint: "A table that is imported again and again is a sync."});
  const numberField = field({label: "Number", input: number});
  const unitField = field({label: "Unit", input: unit});
  const atField = field({label: "At", input: at, hint: "Empty: one interval after the run before."});
  const zoneField = field({label: "Time zone", input: zone});
  const other = el("div", {class: "inline", hidden: true}, numberField.element, unitField.element);
  const clock = el("div", {class: "inline", hidden: true}, atField.element, zoneField.element, zones);
  const element = el("div", {}, choiceField.element, other, clock);

  /** @returns {number | null} null: once */
  function seconds() {
    if (choice.value === "") return null;
    return choice.value === "other" ? Math.round(Number(number.value) * Number(unit.value)) : Number(choice.value);
  }

  function change() {
    const interval = seconds();
    other.hidden = choice.value !== "other";
    clock.hidden = interval === null || interval === 0 || interval % day !== 0;
    onChange();
  }

  return {
    element,
    seconds,
    isComplete() {
      const interval = seconds();
      if (interval === null || interval > 0) return true;
      numberField.setError("Enter a number.");
      number.focus();
      return false;
    },
    /** For `sync.at`; undefined: no time of the day. */
    at: () => clock.hidden || at.value === "" ? undefined : `${at.value} ${zone.value.trim()}`.trim(),
    /** @param {string} parameter */
    fieldOf(parameter) {
      if (parameter === "sync.at") return clock.hidden ? choiceField : atField;
      if (parameter === "interval") return other.hidden ? choiceField : numberField;
      return undefined;
    },
    clearErrors: () => [choiceField, numberField, unitField, atField, zoneField].forEach(({setError}) => setError(null)),
  };
}

function ownZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}

/** Browsers of before 2023 have no list. */
function timeZones() {
  const listed = /** @type {{supportedValuesOf?: (key: string) => string[]}} */ (Intl).supportedValuesOf;
  return listed === undefined ? ["UTC"] : ["UTC", ...listed("timeZone").filter((zone) => zone !== "UTC")];
}
