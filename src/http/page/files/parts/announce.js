// What a screen reader reads out although focus is elsewhere: one polite region for the whole page.

import {el} from "../base/dom.js";

const region = el("div", {role: "status", class: "visually-hidden"});

/** Where main.js puts the region. */
export function announcements() {
  return region;
}

/** @param {string} text */
export function announce(text) {
  // The same text twice is read twice only if it was gone in between.
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}
