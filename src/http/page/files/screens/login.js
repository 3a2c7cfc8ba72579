// Log-in by a role of the database and its password.

import {ApiError} from "../base/api.js";
import {el, fill} from "../base/dom.js";
import {go} from "../base/router.js";
import {logIn} from "../base/session.js";
import {errorPanel} from "../parts/error_panel.js";
import {field} from "../parts/field.js";
import {keepFocus} from "../parts/keep_focus.js";

/** @type {import("../base/router.js").Show} */
export function show(root, parameters, left) {
  const user = field({
    label: "Role",
    input: el("input", {name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: "false"}),
    required: true,
  });
  const password = field({
    label: "Password",
    input: el("input", {name: "password", type: "password", autocomplete: "current-password"}),
    required: true,
  });
  const problem = el("div", {});
  const button = el("button", {type: "submit", class: "primary"}, "Log in");
  const form = el("form", {class: "narrow", novalidate: true, on: {submit}},
    el("p", {}, "Log in as a role of the database. What it may do in SQL it may do here, and nothing else."),
    user.element, password.element, problem, el("p", {}, button));
  fill(root, form);
  user.input.focus();

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    fill(problem);
    user.setError(user.input.value === "" ? "Enter the name of a role." : null);
    password.setError(password.input.value === "" ? "Enter its password." : null);
    if (user.input.value === "" || password.input.value === "") {
      (user.input.value === "" ? user : password).input.focus();
      return;
    }
    const giveBack = keepFocus();
    button.disabled = true;
    try {
      await logIn(user.input.value, password.input.value, left);
    } catch (error) {
      if (left.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      password.input.value = "";
      if (error.status === 401) {
        password.setError("The role or the password is wrong, or the role may not log in.");
        password.input.focus();
      } else {
        fill(problem, errorPanel(error));
      }
      return;
    } finally {
      button.disabled = false;
      giveBack();
    }
    password.input.value = "";
    const back = sessionStorage.getItem("connector-return") ?? "";
    sessionStorage.removeItem("connector-return");
    go(back.startsWith("login") ? "" : back);
  }
}
