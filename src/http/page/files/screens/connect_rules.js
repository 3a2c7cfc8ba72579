// By which rules tables are imported: name, schema, collisions, how often and how; the rest as cdb_connector_info() has it.

import {el, fill, freshId} from "../base/dom.js";
import {namesOf, namesText} from "../parts/column_names.js";
import {field} from "../parts/field.js";
import {parameterField} from "../parts/parameter_field.js";
import {visibleText} from "../parts/remote_text.js";
import {repeat} from "../parts/repeat.js";

/** @typedef {import("../parts/connection_form.js").ProviderInfo} ProviderInfo */
/** @typedef {import("../parts/parameter_field.js").ParameterField} ParameterField */

/** Keys that have a place of their own. */
const placed = new Set(["provider", "connection", "table", "sql_query", "import_as", "schema", "target_schema",
  "collision_strategy", "sync", "distribute"]);
const placedInSync = new Set(["mode", "key", "cursor", "at"]);

/** @type {Record<string, string>} */
const collisions = {
  rename: "Take a free name",
  skip: "Leave it, import nothing",
  overwrite: "Replace its rows",
  error: "Fail",
};

/** @type {Record<string, {title: string, effect: string}>} */
const modes = {
  replace: {
    title: "Replace: all rows anew",
    effect: "All rows are read and loaded beside the old ones, then exchanged. Readers see the old rows until then, and wait for milliseconds.",
  },
  merge: {
    title: "Merge: only the difference is written",
    effect: "All rows are read and compared by the key; only what differs is written. Readers never wait.",
  },
  append: {
    title: "Append: only new rows are read",
    effect: "Rows beyond the last value of the cursor are added. Readers never wait. Rows that were changed or deleted at the source stay as they are here, unless a key tells them apart and the cursor grows with each change.",
  },
};

/**
 * @param {object} options
 * @param {import("../base/session.js").Who} options.who
 * @param {ProviderInfo} options.info
 * @param {boolean} options.isMany rules for more than one table
 */
export function rulesForm({who, info, isMany}) {
  const plain = {autocomplete: "off", autocapitalize: "none", spellcheck: "false"};
  const {parameters} = info;
  let suggestedName = "";
  let suggestedKey = "";

  const name = el("input", plain);
  const nameField = field({label: "Table name", input: name});
  const schema = el("select", {},
    el("option", {value: ""}, "The first of search_path"),
    who.schemas.map((one) => el("option", {value: one}, visibleText(one))));
  const schemaField = field({label: "Schema", input: schema});
  const usualCollision = isMany ? "skip" : parameters.collision_strategy?.default ?? "rename";
  const collision = el("select", {}, (parameters.collision_strategy?.allowed_values ?? []).map((/** @type {string} */ value) =>
    el("option", {value, selected: value === usualCollision}, collisions[value] ?? value)));
  const collisionField = field({
    label: "If the table exists", input: collision, hint: "A free name is name_1, name_2 and so on.",
  });

  const often = repeat(showSync);
  const noScheduler = el("p", {class: "notice", hidden: true},
    "Syncs do not run by themselves here: the library is not in shared_preload_libraries. Something has to CALL cdb_run_due_syncs().");
  const mode = el("select", {on: {change: showSync}}, (parameters.sync.mode?.allowed_values ?? []).map((value) =>
    el("option", {value}, modes[value]?.title ?? value)));
  const modeField = field({label: "Refresh by", input: mode, hint: " "});
  const key = el("input", plain);
  const keyField = field({
    label: "Key", input: key,
    hint: "Columns that tell rows apart, separated by commas. Empty: the source's primary key.",
  });
  const columns = el("datalist", {id: freshId()});
  const cursor = el("input", {...plain, list: columns.id});
  const cursorField = field({label: "Cursor", input: cursor, hint: parameters.sync.cursor?.description ?? null, required: true});
  const syncPart = el("div", {hidden: true}, noScheduler, modeField.element, keyField.element, cursorField.element, columns);

  const options = Object.entries(parameters)
    .filter(([one]) => !placed.has(one) && !(isMany && one === "columns"))
    .filter(([one]) => one !== "keep" || info.features.table_parts !== false)
    .map(([one, parameter]) => parameterField(one, parameter));
  const syncOptions = Object.entries(parameters.sync).filter(([one]) => !placedInSync.has(one))
    .map(([one, parameter]) => parameterField(one, parameter));
  const syncOptionsPart = el("fieldset", {hidden: true}, el("legend", {}, "Each run"),
    el("div", {class: "fields"}, syncOptions.map((one) => one.element)));
  const spread = distribution(parameters.distribute ?? {});

  const element = el("div", {class: "rules"},
    el("fieldset", {}, el("legend", {}, isMany ? "Tables here" : "Table here"),
      el("div", {class: "fields"}, isMany ? null : nameField.element, schemaField.element, collisionField.element)),
    el("fieldset", {}, el("legend", {}, "When"), often.element, syncPart),
    el("details", {}, el("summary", {}, "More options"),
      el("div", {class: "fields"}, options.map((one) => one.element)), syncOptionsPart, spread.element));
  showSync();

  function showSync() {
    const repeats = often.seconds() !== null;
    syncPart.hidden = syncOptionsPart.hidden = !repeats;
    noScheduler.hidden = who.scheduler;
    const hint = modeField.element.querySelector(".hint");
    if (hint) fill(hint, modes[mode.value]?.effect ?? "");
    keyField.element.hidden = mode.value === "replace";
    cursorField.element.hidden = mode.value !== "append";
  }

  /** @param {ParameterField[]} fields */
  const given = (fields) => Object.fromEntries(fields.map(({key: one, read}) => [one, read()]).filter(([, value]) => value !== undefined));

  function readSync() {
    /** @type {Record<string, unknown>} */
    const sync = {...given(syncOptions)};
    if (mode.value !== (parameters.sync.mode?.default ?? "")) sync.mode = mode.value;
    if (!keyField.element.hidden && key.value.trim() !== suggestedKey) {
      const names = namesOf(key.value);
      if (names.length > 0) sync.key = names;
    }
    if (!cursorField.element.hidden && cursor.value.trim() !== "") sync.cursor = cursor.value.trim();
    const at = often.at();
    if (at !== undefined) sync.at = at;
    return sync;
  }

  return {
    element,
    seconds: often.seconds,
    /** Another table: what was about the one before is forgotten. @param {string} nameThere */
    forgetTable(nameThere) {
      name.value = key.value = cursor.value = suggestedName = suggestedKey = "";
      name.placeholder = nameThere;
    },
    /** Whether a request can be made of it; says what is wrong. */
    isComplete: often.isComplete,
    /** What a request has beside source and table. @returns {Record<string, unknown>} */
    read() {
      const sync = often.seconds() === null ? {} : readSync();
      return {
        ...!isMany && name.value.trim() !== "" && name.value.trim() !== suggestedName ? {import_as: name.value.trim()} : {},
        ...schema.value === "" ? {} : {target_schema: schema.value},
        ...collision.value === usualCollision && !isMany ? {} : {collision_strategy: collision.value},
        ...given(options),
        ...spread.read(),
        ...Object.keys(sync).length === 0 ? {} : {sync},
      };
    },
    /** What the preview has found out; what was typed stays. @param {import("../parts/dry_run.js").DryRun} dry */
    suggest(dry) {
      if (name.value.trim() === "" || name.value === suggestedName) name.value = dry.table_name;
      // With a name of one's own the preview has that one.
      if (name.value === dry.table_name && suggestedName === "") suggestedName = dry.table_name;
      const keyText = namesText(dry.primary_key);
      if (!isMany && key.value.trim() === suggestedKey) key.value = keyText;
      if (!isMany) suggestedKey = keyText;
      fill(columns, dry.columns.filter((one) => one.name !== null).map((one) => el("option", {value: one.name})));
    },
    /** @param {string} parameter */
    fieldOf(parameter) {
      if (parameter === "import_as") return isMany ? undefined : nameField;
      if (parameter === "target_schema") return schemaField;
      if (parameter === "collision_strategy") return collisionField;
      if (parameter === "sync.mode" || parameter === "sync") return modeField;
      if (parameter === "sync.key") return keyField.element.hidden ? modeField : keyField;
      if (parameter === "sync.cursor") return cursorField.element.hidden ? modeField : cursorField;
      return often.fieldOf(parameter) ?? spread.fieldOf(parameter) ??
        options.find((one) => one.key === parameter) ?? syncOptions.find((one) => `sync.${one.key}` === parameter);
    },
    clearErrors() {
      for (const {setError} of [nameField, schemaField, collisionField, modeField, keyField, cursorField, ...options, ...syncOptions]) {
        setError(null);
      }
      often.clearErrors();
      spread.clearErrors();
    },
  };
}

/** How Citus spreads the table: by a column, or as a copy on each node.
 * @param {Record<string, import("../parts/parameter_field.js").Info>} members */
function distribution(members) {
  const everywhere = el("input", {type: "checkbox", on: {change: show}});
  const everywhereField = field({label: "A copy on each node", input: everywhere, hint: "A reference table."});
  const fields = Object.entries(members).map(([key, info]) => parameterField(key, {...info, required: false}));
  const rest = el("div", {class: "fields"}, fields.map(({element}) => element));
  const element = el("fieldset", {hidden: fields.length === 0}, el("legend", {}, "Distributed by Citus"), everywhereField.element, rest);

  function show() {
    rest.hidden = everywhere.checked;
  }

  return {
    element,
    /** @returns {Record<string, unknown>} */
    read() {
      if (everywhere.checked) return {distribute: "reference"};
      const given = Object.fromEntries(fields.map(({key, read}) => [key, read()]).filter(([, value]) => value !== undefined));
      return Object.keys(given).length === 0 ? {} : {distribute: given};
    },
    /** @param {string} parameter */
    fieldOf: (parameter) => parameter === "distribute" ? everywhereField
      : fields.find(({key}) => `distribute.${key}` === parameter),
    clearErrors: () => [everywhereField, ...fields].forEach(({setError}) => setError(null)),
  };
}
