// The overview's two tables: the last finished run and what goes on now stand in columns of their own.

import {addressOf} from "../base/router.js";
import {el} from "../base/dom.js";
import {importEnd, importName, importPresent} from "../base/import_state.js";
import {firstLine} from "../base/run_words.js";
import {failingText, lastFinished, nextRun, presentState, tableOf} from "../base/sync_state.js";
import {liveTable} from "../parts/live_table.js";
import {remoteText} from "../parts/remote_text.js";
import {time, withTime} from "../parts/time.js";
import {toldState} from "../parts/told.js";

/** @typedef {Record<string, any>} Row */
/** @typedef {{sync: Row, running: Row | undefined, activity: import("../base/activity.js").Activity}} SyncLine */
/** @typedef {{row: Row, running: Row | undefined}} ImportLine */

/** @typedef {{href: string, name: string, more: string[]}} Named */

/** @param {Named} named */
function nameCell({href, name, more}) {
  return [el("a", {href}, remoteText(name)), ...more.map((text) => el("div", {class: "soft"}, remoteText(text)))];
}

/** @param {{source: string | null, server: string | null, provider: string | null}} from */
function sourceCell({source, server, provider}) {
  return [
    remoteText(firstLine(source ?? "–", 100)),
    el("div", {class: "soft"}, remoteText(firstLine([server, provider].filter(Boolean).join(", "), 100))),
  ];
}

/** @param {Row} row */
const sourceOf = ({source, server, provider}) => ({source: source ?? null, server: server ?? null, provider: provider ?? null});

/** The beginning of an error, with the way to the rest. @param {{href: string, error: string, name: string}} problem */
function problemCell({href, error, name}) {
  return el("div", {class: "problem"}, remoteText(error), " ",
    el("a", {href}, "Details", el("span", {class: "visually-hidden"}, " of ", remoteText(name))));
}

/** @param {string} user who looks */
export function syncsTable(user) {
  return liveTable("Syncs", /** @type {import("../parts/live_table.js").LiveColumn<SyncLine>[]} */ ([
    {
      title: "Table",
      isHeading: true,
      shows: ({sync}) => ({
        href: addressOf("syncs", sync.id),
        name: sync.table_name,
        more: [
          sync.name === tableOf(sync) ? sync.schema : `${sync.schema}, sync ${sync.name}`,
          ...(sync.role_name === user ? [] : [`of role ${sync.role_name}`]),
        ],
      }),
      cell: nameCell,
    },
    {title: "Source", shows: ({sync}) => sourceOf(sync), cell: sourceCell},
    {
      title: "Last finished",
      shows: ({sync}) => ({
        told: lastFinished(sync),
        href: addressOf("syncs", sync.id),
        error: firstLine(sync.last_error_message ?? sync.statement_error ?? ""),
        name: sync.table_name,
        failing: failingText(sync),
      }),
      cell: ({told, href, error, name, failing}) => [
        el("div", {}, toldState(told)),
        error ? problemCell({href, error, name}) : null,
        failing ? el("div", {class: "soft"}, withTime(failing)) : null,
      ],
    },
    {
      title: "Now",
      shows: ({sync, running, activity}) => presentState(sync, running, activity.now, activity.scheduler),
      cell: toldState,
    },
    {
      title: "Next run",
      shows: ({sync, running, activity}) => nextRun(sync, running, activity),
      cell: withTime,
    },
  ]), ({sync}) => sync.id);
}

/** @param {string} user who looks */
export function importsTable(user) {
  return liveTable("Imports", /** @type {import("../parts/live_table.js").LiveColumn<ImportLine>[]} */ ([
    {
      title: "Table",
      isHeading: true,
      shows: ({row}) => ({
        href: addressOf("imports", row.item_queue_id),
        name: importName(row),
        more: [row.schema, row.role_name === user ? null : `of role ${row.role_name}`].filter(Boolean),
      }),
      cell: nameCell,
    },
    {title: "Source", shows: ({row}) => sourceOf(row), cell: sourceCell},
    {
      title: "Last finished",
      shows: ({row}) => ({
        told: importEnd(row),
        href: addressOf("imports", row.item_queue_id),
        error: firstLine(row.error_message),
        name: importName(row),
      }),
      cell: ({told, href, error, name}) => [el("div", {}, toldState(told)), error ? problemCell({href, error, name}) : null],
    },
    {title: "Now", shows: ({row, running}) => importPresent(row, running), cell: toldState},
    {title: "Asked for", shows: ({row}) => row.created_at, cell: (iso) => iso ? time(iso) : null},
  ]), ({row}) => row.item_queue_id);
}
