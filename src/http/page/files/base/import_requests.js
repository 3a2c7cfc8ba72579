// From what was chosen to the requests that do it.

/** @typedef {{schema: string | null, name: string, kind: string}} ChosenTable `kind`: "pattern" for several */

/**
 * The connector of one table or query.
 * @param {{provider: string, connection: string | Record<string, unknown>}} source
 * @param {{schema: string | null, name: string} | {query: string, name: string}} what
 * @param {Record<string, unknown>} rules
 * @returns {Record<string, unknown>}
 */
export function connectorOf(source, what, rules) {
  const part = "query" in what
    ? {sql_query: what.query, import_as: what.name}
    : {table: what.name, ...what.schema === null ? {} : {schema: what.schema}};
  return {...connectionOf(source), ...part, ...rules};
}

/** A saved server knows its provider.
 * @param {{provider: string, connection: string | Record<string, unknown>}} source */
function connectionOf({provider, connection}) {
  return typeof connection === "string" ? {connection} : {provider, connection};
}

/**
 * A batch is about one remote schema: the tables of each. What was added by name without one is looked for where the
 * others are; what excludes is so in all of them.
 * @param {ChosenTable[]} tables
 * @returns {{schema: string | null, names: string[]}[]}
 */
function batchesOf(tables) {
  const isExcluding = (/** @type {ChosenTable} */ {kind, name}) => kind === "pattern" && name.startsWith("!");
  const excluded = tables.filter(isExcluding).map(({name}) => name);
  const included = tables.filter((one) => !isExcluding(one));
  const schemas = [...new Set(included.map(({schema}) => schema))];
  const named = schemas.filter((schema) => schema !== null);
  const only = named.length === 1 ? named[0] ?? null : null;
  /** @type {Map<string | null, string[]>} */
  const groups = new Map();
  for (const {schema, name} of included) {
    const place = schema ?? only;
    groups.set(place, [...groups.get(place) ?? [], name]);
  }
  if (groups.size === 0 && excluded.length > 0) groups.set(tables[0]?.schema ?? null, []);
  return [...groups].map(([schema, names]) => ({schema, names: [...names, ...excluded]}));
}

/**
 * @param {{provider: string, connection: string | Record<string, unknown>}} source
 * @param {ChosenTable[]} tables
 * @param {Record<string, unknown>} rules
 * @param {number | null} seconds
 * @returns {{connector: Record<string, unknown>, tables: string[], interval: number | null}[]} bodies of POST api/v1/batches
 */
export function batchBodies(source, tables, rules, seconds) {
  return batchesOf(tables).map(({schema, names}) => ({
    connector: {...connectionOf(source), ...schema === null ? {} : {schema}, ...rules},
    tables: names,
    interval: seconds,
  }));
}
