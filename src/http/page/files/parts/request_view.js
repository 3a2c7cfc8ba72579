// A request as the server shows it, secrets masked, and the commands that do the same.

import {el} from "../base/dom.js";
import {readableJson} from "../base/commands.js";
import {visibleText} from "./remote_text.js";
import {copyButton} from "./copy_button.js";

/**
 * @param {unknown} request
 * @param {{curl: () => string, sql: () => string}} commands
 */
export function requestView(request, {curl, sql}) {
  return [
    el("pre", {class: "request", tabindex: 0, role: "region", "aria-label": "Request as JSON"}, visibleText(readableJson(request))),
    el("p", {class: "actions"}, copyButton("Copy as curl", curl), copyButton("Copy as SQL", sql)),
  ];
}
