// A button that copies a text, and says so.

import {el, fill} from "../base/dom.js";
import {announce} from "./announce.js";

/** @param {string} label `Copy as SQL` @param {() => string} text */
export function copyButton(label, text) {
  const button = el("button", {type: "button", class: "small", on: {click: copy}}, label);

  async function copy() {
    const copied = await written(text());
    fill(button, copied ? "Copied" : "Not copied");
    announce(copied ? `${label}: copied` : `${label}: the browser does not allow it`);
    setTimeout(() => fill(button, label), 2000);
  }
  return button;
}

/** Without TLS the clipboard's own interface is there on localhost only. @param {string} text */
async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
