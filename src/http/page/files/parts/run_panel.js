// What a run that goes on does: phase, rows, rate, time left, and what holds it up.

import {el} from "../base/dom.js";
import {blockedText, capitalized, fractionOf, phaseMeaning, rateText, rowsOf, runningState, secondsBetween, silenceText, sizeText, wholeSeconds} from "../base/run_words.js";
import {facts} from "./facts.js";
import {status} from "./status.js";
import {piece} from "./piece.js";
import {time} from "./time.js";
import {toldState} from "./told.js";

/** @typedef {Record<string, any>} Row */

/** @returns {{element: HTMLElement, show: (running: Row, now: string) => void}} */
export function runPanel() {
  const headline = el("p", {class: "headline"});
  const bar = el("progress", {"aria-label": "Rows", max: 1});
  const held = el("div");
  const list = facts();
  const showHeadline = piece(headline, toldState);
  const showHeld = piece(held, (/** @type {(string | null)[]} */ texts) =>
    texts.filter(Boolean).map((text) => el("p", {}, status("warning", text ?? ""))));
  return {
    element: el("div", {}, headline, bar, held, list.element),
    show(running, now) {
      const fraction = fractionOf(running);
      showHeadline({...runningState(running), more: ""});
      bar.hidden = fraction === null;
      if (fraction !== null) bar.value = fraction;
      const blocked = blockedText(running);
      showHeld([capitalized(silenceText(running) ?? ""), blocked === null ? null : `Waits for ${blocked}`]);
      const left = running.estimated_time_left;
      const end = typeof left === "number" && left > 60 ? new Date(Date.parse(now) + left * 1000).toISOString() : null;
      list.show([
        ["Phase", running.phase ? `${running.phase}: ${phaseMeaning(running.phase)}` : null],
        ["Rows", running.rows > 0 || running.phase === "loading" ? rowsOf(running) : null],
        ["Rate", rateText(running)],
        ["Read", sizeText(running.bytes)],
        ["Began", running.started_at, (iso) => time(iso)],
        ["Running for", wholeSeconds(secondsBetween(running.started_at, now) ?? 0)],
        ["Time left", typeof left === "number" ? `about ${wholeSeconds(Math.max(1, left))}` : null],
        ["All rows by", end === null ? null : `${end.slice(0, 16)}:00Z`, (iso) => ["about ", time(iso)]],
        ["Process", running.pid],
      ]);
    },
  };
}
