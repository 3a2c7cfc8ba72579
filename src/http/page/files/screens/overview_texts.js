// What the overview says where there is nothing yet, and where nothing runs by itself.

import {call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {remoteText} from "../parts/remote_text.js";

/** @typedef {import("../base/session.js").Who} Who */

/** Syncs wait for somebody to run them: what an administrator can do. */
export function noSchedulerText() {
  return el("div", {class: "notice"},
    el("p", {}, el("strong", {}, "Nothing runs syncs by themselves here.")),
    el("p", {}, "An administrator either sets ", el("code", {}, "shared_preload_libraries = 'connector'"),
      " and restarts PostgreSQL, or lets pg_cron or the like run ", el("code", {}, "CALL cdb_run_due_syncs()"),
      " every minute. Before PostgreSQL 17 your role also needs the attribute LOGIN."));
}

/** @param {Who} who */
export function emptyText(who) {
  const steps = el("div");
  showSteps(steps, who);
  return el("div", {class: "empty"},
    el("p", {class: "headline"}, "There are no imports and no syncs yet."), steps);
}

/** @param {HTMLElement} place @param {Who} who */
async function showSteps(place, who) {
  const missing = [
    who.schemas.length > 0 ? null : el("li", {}, "The right to create tables in a schema: ",
      el("code", {}, "GRANT USAGE, CREATE ON SCHEMA … TO ", remoteText(who.user))),
  ];
  const connect = el("p", {},
    el("a", {href: "#/connect"}, "Connect"), " to a database, choose tables or write a query, and import them once or again and again.");
  if (who.can_connect) {
    fill(place, connect, needs(missing));
    return;
  }
  const own = el("li", {}, "The right to open connections of your own: ",
    el("code", {}, "GRANT USAGE ON FOREIGN DATA WRAPPER connector TO ", remoteText(who.user)),
    ", or to use a server that somebody has saved: ", el("code", {}, "GRANT USAGE ON FOREIGN SERVER … TO ", remoteText(who.user)));
  fill(place, needs([own, ...missing]));
  const saved = await savedServers();
  if (saved > 0) fill(place, connect, needs(missing));
}

/** How many servers the role may use. */
async function savedServers() {
  try {
    return (await call("GET", "api/v1/servers")).servers.length;
  } catch {
    return 0;
  }
}

/** @param {(HTMLElement | null)[]} rights */
function needs(rights) {
  if (rights.every((right) => right === null)) return null;
  return el("div", {}, el("p", {}, "First, ask an administrator for:"), el("ul", {}, rights));
}
