// Makes elements. Texts become text nodes: nothing here, and nothing in this page, reads markup.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * @typedef {object} Attributes
 * @property {Record<string, (event: any) => void>} [on] listeners by event
 * @property {unknown} [value] set as a property, as are `checked` and `disabled`
 */

const properties = new Set(["value", "checked", "disabled", "selected", "indeterminate", "readOnly"]);

/**
 * An element with attributes and children. An attribute that is null, undefined or false is left out; true has it
 * without a value.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes & Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(attributes.on ?? {})) element.addEventListener(event, listener);
    } else if (properties.has(name)) {
      Object.assign(element, {[name]: value});
    } else if (value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  fill(element, ...children);
  return element;
}

/**
 * Replaces all children.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  const nodes = [];
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    nodes.push(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  element.replaceChildren(...nodes);
}

let lastId = 0;

/** An id that no other element has, for labels and descriptions. */
export function freshId() {
  lastId += 1;
  return `part-${lastId}`;
}
