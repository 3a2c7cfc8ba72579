// A saved server in few words.

import {el} from "../base/dom.js";
import {remoteText, visibleText} from "./remote_text.js";

/**
 * One of GET api/v1/servers.
 * @typedef {object} Server
 * @property {string} name
 * @property {string} provider
 * @property {string} owner
 * @property {boolean} may_change
 * @property {Record<string, any>} connection secrets masked
 * @property {number} used_by
 */

/** `db.example.com:3306, database shop` @param {Record<string, any>} connection */
export function whereOf({server, port, database, driver, dsn}) {
  const host = server ?? dsn ?? driver ?? "";
  return [`${host}${port === undefined ? "" : `:${port}`}`, database === undefined ? "" : `database ${database}`]
    .filter(Boolean).join(", ");
}

/** `MySQL at db.example.com` @param {string | undefined} provider @param {Record<string, any>} connection */
export function titleOf(provider, connection) {
  return [provider, connection.server ?? connection.dsn].filter(Boolean).map(String).map(visibleText).join(" at ");
}

/**
 * @param {Server} server
 * @param {Record<string, import("./provider_select.js").Provider>} providers
 * @param {{withConnection?: boolean}} [options] without it where a form has it already
 */
export function serverSummary(server, providers, {withConnection = true} = {}) {
  const connection = [
    ["Where", whereOf(server.connection)],
    ["User", server.connection.username],
    ["Password", server.connection.password === undefined ? "none" : "kept in the database"],
  ];
  const pairs = [
    ["Provider", providers[server.provider]?.name ?? server.provider],
    ...withConnection ? connection : [],
    ["Owner", server.owner],
  ];
  return el("dl", {class: "summary"}, pairs.filter(([, value]) => value).map(([term, value]) =>
    el("div", {}, el("dt", {}, term), el("dd", {}, remoteText(String(value))))));
}
