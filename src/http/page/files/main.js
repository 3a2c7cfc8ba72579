// The page: its frame, and which screen stands at which address.

import {el, fill} from "./base/dom.js";
import {go, startRouter} from "./base/router.js";
import {logOut, whoAmI} from "./base/session.js";
import {onSessionEnd, sessionToken} from "./base/token.js";
import {announcements} from "./parts/announce.js";
import {remoteText} from "./parts/remote_text.js";
import {followDays} from "./parts/time.js";
import {show as showConnect} from "./screens/connect.js";
import {show as showImport} from "./screens/import.js";
import {show as showLogin} from "./screens/login.js";
import {show as showOverview} from "./screens/overview.js";
import {show as showServer} from "./screens/server.js";
import {show as showNewServer} from "./screens/server_new.js";
import {show as showServers} from "./screens/servers.js";
import {show as showSync} from "./screens/sync.js";
import {show as editSync} from "./screens/sync_edit.js";

/** @type {import("./base/router.js").Screen[]} */
const screens = [
  {path: "login", title: "Log in", show: showLogin, forEverybody: true},
  {path: "connect", title: "Connect", show: showConnect},
  {path: "connect/:server", title: "Connect", show: showConnect},
  {path: "servers", title: "Servers", show: showServers},
  {path: "new-server", title: "New server", show: showNewServer},
  {path: "servers/:server", title: "Server", show: showServer},
  {path: "", title: "Imports and syncs", show: showOverview},
  {path: "syncs/:id", title: "Sync", show: showSync},
  {path: "syncs/:id/edit", title: "Edit sync", show: editSync},
  {path: "imports/:id", title: "Import", show: showImport},
];

const main = el("main", {tabindex: -1});
const account = el("div", {class: "account"});
const navigation = el("nav", {"aria-label": "Main"},
  el("ul", {},
    el("li", {}, el("a", {href: "#/"}, "Overview")),
    el("li", {}, el("a", {href: "#/connect"}, "Connect")),
    el("li", {}, el("a", {href: "#/servers"}, "Servers"))));

fill(/** @type {HTMLElement} */ (document.getElementById("page")),
  el("button", {type: "button", class: "skip", on: {click: () => main.focus()}}, "Skip to content"),
  el("header", {}, el("span", {class: "brand"}, "connector"), navigation, account),
  main,
  announcements());

/** Whoever comes next begins at the overview. */
async function leave() {
  await logOut();
  sessionStorage.removeItem("connector-return");
}

async function showAccount() {
  const token = sessionToken();
  navigation.hidden = token === null;
  fill(account);
  if (token === null) return;
  try {
    const who = await whoAmI();
    if (sessionToken() !== token) return;
    fill(account, el("span", {}, remoteText(who.user, {limit: 63}), " in ", remoteText(who.database, {limit: 63})), " ",
      el("button", {type: "button", on: {click: leave}}, "Log out"));
  } catch {
    // The screen tells what is wrong.
  }
}

onSessionEnd(() => {
  const path = location.hash.replace(/^#\/?/, "");
  if (path !== "" && !path.startsWith("login")) sessionStorage.setItem("connector-return", path);
  go("login");
});
window.addEventListener("hashchange", showAccount);
showAccount();
followDays();
startRouter(main, screens, () => sessionToken() !== null);
