// Which of several steps one is at.

import {el, fill} from "../base/dom.js";

/** @param {string[]} names */
export function steps(names) {
  const element = el("ol", {class: "steps", "aria-label": "Steps"});
  return {
    element,
    /** @param {number} current */
    show(current) {
      element.hidden = current >= names.length;
      fill(element, names.map((name, index) =>
        el("li", {"aria-current": index === current ? "step" : null, class: index < current ? "past" : null}, name)));
    },
  };
}
