// The end of #/connect after many tables: what became of each.

import {addressOf} from "../base/router.js";
import {el} from "../base/dom.js";
import {counted} from "../base/format.js";
import {errorPanel} from "../parts/error_panel.js";
import {remoteText} from "../parts/remote_text.js";
import {status} from "../parts/status.js";
import {table} from "../parts/table.js";

/**
 * @param {Record<string, any>[]} tables rows of cdb_import_tables()
 * @param {import("../base/api.js").ApiError | null} failure why there are no more
 * @param {() => void} again
 */
export function results(tables, failure, again) {
  const problems = tables.filter(({problem}) => problem !== null).length;
  const started = tables.length - problems;
  const list = table("Tables", /** @type {import("../parts/table.js").Column<Record<string, any>>[]} */ ([
    {title: "Table", cell: ({name}) => remoteText(name, {limit: 200}), isHeading: true},
    {title: "Remote schema", cell: ({schema}) => remoteText(schema)},
    {title: "Name here", cell: ({table_name: name}) => remoteText(name)},
    {title: "What became of it", cell: ({problem, synchronization_id: sync, item_queue_id: queued}) => [
      problem === null ? status("success", sync === null ? "Queued" : "Sync") : status("warning", "Not started"), " ",
      problem === null ? null : remoteText(problem), " ",
      sync !== null ? el("a", {href: addressOf("syncs", sync)}, "Go to the sync")
        : queued !== null ? el("a", {href: addressOf("imports", queued)}, "Go to the import") : null,
    ]},
  ]));
  // Those that need a look come first.
  list.show([...tables].sort((one, other) => Number(one.problem === null) - Number(other.problem === null)));
  return el("div", {},
    failure === null ? null : errorPanel(failure, {title: "The rest could not be started."}),
    el("p", {}, `${counted(started, "table")} started`, problems === 0 ? "." : `, ${counted(problems, "table")} not.`, " ",
      el("a", {href: "#/"}, "Watch them in the overview")),
    tables.length === 0 ? el("p", {class: "notice"}, "No table of the remote has such a name.") : list.element,
    el("p", {}, el("button", {type: "button", on: {click: again}}, "Import more")));
}
