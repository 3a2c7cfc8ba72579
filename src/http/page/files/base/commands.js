// What the page does, as texts to paste into a shell or into psql: `curl` and SQL that do the same. Secrets never get
// into them.

/** What stands for a secret, here and in all that the server shows; given back, it leaves the secret as it is stored. */
export const mask = "********";

/** Characters that can't be seen, or that turn the direction of writing: a pasted text should show them. */
const invisible = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** What JSON escapes by itself; lines may end. */
const control = /[\u0000-\u0009\u000b-\u001f]/g;

/** @param {string} character */
function escaped(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** One argument of a POSIX shell. @param {string} text */
function shellQuoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A literal of PostgreSQL, whatever `standard_conforming_strings` is: with quotes or backslashes in it between dollar
 * signs, with a tag that the text does not have. What can't be seen is written out: a terminal takes some of it for keys,
 * and behind ^C psql would take the rest of a name for commands.
 * @param {string} text
 */
export function sqlLiteral(text) {
  const doubled = text.replace(/['\\]/g, "$&$&");
  const shown = doubled.replace(control, escaped).replace(invisible, escaped);
  if (shown !== doubled) return `E'${shown}'`;
  if (!/['\\]/.test(text)) return `'${text}'`;
  let tag = "$$";
  // A dollar sign at the text's end would be taken for one of the tag.
  for (let number = 0; `${text}$`.includes(tag); ++number) tag = `$q${number || ""}$`;
  return `${tag}${text}${tag}`;
}

/** JSON over several lines, where everything can be seen. @param {unknown} value */
export function readableJson(value) {
  return JSON.stringify(value, null, 2).replace(invisible, escaped);
}

/**
 * An argument of a function: a number, true, false and null as they are, a list as ARRAY, an object as JSON.
 * @param {unknown} value
 * @returns {string}
 */
function sqlArgument(value) {
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return sqlLiteral(value);
  if (Array.isArray(value)) return value.length === 0 ? "'{}'" : `ARRAY[${value.map(sqlArgument).join(", ")}]`;
  return sqlLiteral(readableJson(value));
}

/**
 * `SELECT cdb_sync_now('…');`
 * @param {string} name of the function
 * @param {unknown[]} positional
 * @param {Record<string, unknown>} [named] those that are undefined are left out
 */
function sqlCall(name, positional, named = {}) {
  const rest = Object.entries(named).filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key === "interval" ? '"interval"' : key} => ${sqlArgument(value)}`);
  return `SELECT ${name}(${[...positional.map(sqlArgument), ...rest].join(", ")});`;
}

/** What POST api/v1/imports does. @param {Record<string, unknown>} connector without secrets */
export function importSql(connector) {
  return sqlCall("cdb_import_connector", [connector], {wait: false});
}

/** What POST api/v1/synchronizations does. @param {Record<string, unknown>} connector @param {number} seconds */
export function syncSql(connector, seconds) {
  return sqlCall("cdb_sync_connector", [connector, `${seconds} seconds`]);
}

/**
 * What POST api/v1/batches does.
 * @param {Record<string, unknown>} connector
 * @param {string[] | null} tables
 * @param {number | null} seconds
 */
export function importTablesSql(connector, tables, seconds) {
  const interval = seconds === null ? undefined : `${seconds} seconds`;
  return sqlCall("cdb_import_tables", [connector, tables], {interval}).replace("SELECT ", "SELECT * FROM ");
}

/**
 * A call of this API for a shell; curl asks for the password of `user`.
 * @param {{user: string, method: string, path: string, body?: unknown}} request `path` as for call(), `body` without
 *   secrets
 * @param {string} [base] where the page is
 */
export function curlCommand({user, method, path, body}, base = new URL(".", location.href).href) {
  const words = ["curl", "-u", shellQuoted(user)];
  const usual = body === undefined ? "GET" : "POST";
  if (method !== usual) words.push("-X", method);
  // A proxy may want a length where there is no body.
  if (body === undefined && method !== "GET" && method !== "DELETE") words.push("-H", shellQuoted("Content-Length: 0"));
  if (body !== undefined) words.push("-H", shellQuoted("Content-Type: application/json"), "-d", shellQuoted(readableJson(body)));
  return [...words, shellQuoted(base + path)].join(" ");
}

/**
 * The same connector with each of these keys of `connection` masked, as far as it has them.
 * @param {Record<string, any>} connector
 * @param {Iterable<string>} secrets
 * @returns {Record<string, any>}
 */
export function masked(connector, secrets) {
  if (typeof connector.connection !== "object" || connector.connection === null) return connector;
  const names = new Set(secrets);
  return {
    ...connector,
    connection: Object.fromEntries(Object.entries(connector.connection).map(([key, value]) =>
      [key, names.has(key.toLowerCase()) ? mask : value])),
  };
}
