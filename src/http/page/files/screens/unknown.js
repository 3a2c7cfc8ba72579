// Where an address names what is not there, or what somebody else has.

import {el} from "../base/dom.js";

/** @param {string} thing `sync` @param {boolean} wasThere it has gone while it was looked at */
export function unknownText(thing, wasThere) {
  return el("div", {class: "notice", role: "status"},
    el("p", {}, wasThere
      ? `This ${thing} is gone: it was deleted, or belongs to another role now. Its table stays as it is.`
      : `There is no such ${thing}: it was deleted, or belongs to another role.`),
    el("p", {}, el("a", {href: "#/"}, "Back to the overview")));
}
