// #/servers: the saved servers that the role may use.

import {call} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {count} from "../base/format.js";
import {addressOf} from "../base/router.js";
import {whoAmI} from "../base/session.js";
import {remoteText} from "../parts/remote_text.js";
import {whereOf} from "../parts/server_summary.js";
import {table} from "../parts/table.js";

/** @typedef {import("../parts/server_summary.js").Server} Server */

/** @type {import("../base/router.js").Show} */
export async function show(root, parameters, left) {
  fill(root, el("p", {class: "busy"}, "Loading…"));
  const [who, providers, {servers}] = await Promise.all([
    whoAmI(), call("GET", "api/v1/connectors", {signal: left}), call("GET", "api/v1/servers", {signal: left})]);
  if (left.aborted) return;
  const newServer = who.can_connect ? el("p", {}, el("a", {href: "#/new-server"}, "New server")) : null;
  if (servers.length === 0) {
    fill(root, el("p", {}, "A saved server keeps where a database is, and the password for it, so that imports need its name only."),
      who.can_connect
        ? el("p", {}, "There is none yet. ", el("a", {href: "#/new-server"}, "New server"))
        : el("p", {class: "notice"}, "There is none that this role may use, and to make one it needs what an administrator can give: ",
          el("code", {}, "GRANT USAGE ON FOREIGN DATA WRAPPER connector TO …")));
    return;
  }
  const list = table("Servers", /** @type {import("../parts/table.js").Column<Server>[]} */ ([
    {title: "Name", cell: ({name}) => el("a", {href: addressOf("servers", name)}, remoteText(name)), isHeading: true},
    {title: "Provider", cell: ({provider}) => providers[provider]?.name ?? remoteText(provider)},
    {title: "Where", cell: ({connection}) => remoteText(whereOf(connection))},
    {title: "User", cell: ({connection}) => remoteText(connection.username)},
    {title: "Password", cell: ({connection}) => connection.password === undefined ? "none" : "kept"},
    {title: "Syncs", cell: ({used_by: syncs}) => count(syncs), isNumber: true},
    {title: "Use", cell: ({name}) => el("a", {href: addressOf("connect", name)}, "Connect",
      el("span", {class: "visually-hidden"}, " with ", remoteText(name)))},
  ]));
  list.show(servers);
  fill(root, newServer, list.element);
}
