// Names of columns in one line of text: between commas, in double quotes where a name has commas or quotes itself.

/** @param {string[]} names */
export function namesText(names) {
  return names.map((name) => /[",]|^\s|\s$/.test(name) || name === "" ? `"${name.replaceAll('"', '""')}"` : name).join(", ");
}

/** @param {string} text @returns {string[]} */
export function namesOf(text) {
  const names = [];
  for (const [, quoted, bare] of text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g)) {
    const name = quoted === undefined ? (bare ?? "").trim() : quoted.replaceAll('""', '"');
    if (name !== "") names.push(name);
  }
  return names;
}
