// What is connected already: used again, renamed, disconnected.
import { button, h, icon, say } from "../dom.js";
import { connect } from "./connect.js";
import { wordsFor } from "./trouble.js";

const ofApp = (view, app) => view.session.credentials.filter((each) => each.type === app.name);

export function accounts(view, app) {
  const { t } = view;
  const list = h("ul", { class: "cards" }, ofApp(view, app).map((each) => account(view, app, each)));
  return {
    title: t("connect_to", { app: app.displayName }),
    app,
    nodes: [
      h("h2", {}, t("already")),
      list,
      button(t("another"), () => view.show(connect, app), "wide"),
    ],
  };
}

function account(view, app, credential) {
  const { t, server } = view;
  const { credentialId, name, status, missingScopes = [] } = credential;
  const usable = credential.reusable !== false && status !== "expired";
  const hint = status === "expired" ? "expired_hint" : !usable || missingScopes.length ? "scopes_hint" : null;
  const heading = h("span", { class: "grow name" }, h("bdi", {}, name));
  const error = h("p", { class: "error", role: "alert" });
  const during = (work) => async (event) => {
    const pressed = event.currentTarget;
    if (pressed.ariaBusy === "true") return;
    pressed.ariaBusy = "true";
    error.textContent = "";
    try {
      await work();
    } catch (trouble) {
      if (trouble.code === "session_over") view.fail(trouble, () => view.openApp(app.name));
      else if (["scopes_missing", "credential_expired"].includes(trouble.code)) view.show(connect, app, credential);
      else error.textContent = wordsFor(view, trouble, app)[1];
    } finally {
      pressed.ariaBusy = "false";
    }
  };
  const use = during(async () => view.connected(app, await server.ask("POST", `/connect/credentials/${credentialId}/reuse`, {})));
  const manage = h("div", { class: "manage", hidden: true });
  const toggle = h(
    "button",
    {
      type: "button",
      class: "plain square",
      "aria-label": t("more", { name }),
      "aria-expanded": "false",
      onclick: () => {
        manage.hidden = !manage.hidden;
        toggle.setAttribute("aria-expanded", `${!manage.hidden}`);
        if (!manage.hidden) menu();
      },
    },
    icon("more"),
  );
  const menu = () => manage.replaceChildren(button(t("rename"), rename), button(t("disconnect"), ask, "danger"));
  const rename = () => {
    const input = h("input", { id: `name-${credentialId}`, maxlength: 200, value: name, autocomplete: "off" });
    const save = during(async () => {
      const changed = await server.ask("PATCH", `/connect/credentials/${credentialId}`, { name: input.value.trim() });
      Object.assign(credential, { name: changed.name });
      view.show(accounts, app);
      say(t("saved"));
    });
    manage.replaceChildren(
      h("label", { for: input.id }, t("new_name")),
      input,
      h("div", { class: "actions" }, button(t("save"), save, "primary"), button(t("cancel"), menu)),
    );
    input.focus();
    input.select();
  };
  const ask = () => {
    const yes = button(
      t("disconnect"),
      during(async () => {
        await server.ask("DELETE", `/connect/credentials/${credentialId}`);
        view.session.credentials = view.session.credentials.filter((each) => each !== credential);
        view.replace(ofApp(view, app).length ? accounts : connect, app);
        say(t("disconnected", { name }));
      }),
      "danger",
    );
    manage.replaceChildren(h("p", {}, t("disconnect_ask", { name })), h("div", { class: "actions" }, yes, button(t("cancel"), menu)));
    yes.focus();
  };
  return h(
    "li",
    { class: "card" },
    h(
      "div",
      { class: "line" },
      heading,
      h("span", { class: `badge ${usable ? "good" : "warn"}` }, t(usable ? "connected" : "needs_you")),
      toggle,
    ),
    hint && h("p", { class: "help" }, t(hint)),
    usable
      ? button(t("use"), use, "primary wide")
      : button(t("reconnect"), () => view.show(connect, app, credential), "primary wide"),
    error,
    manage,
  );
}
