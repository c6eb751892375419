// The form of an app: a key is given here, or the way to the provider begins.
import { h, hush, icon, say } from "../dom.js";
import { fieldsOf } from "../form.js";
import { random } from "../server.js";
import { sentence } from "./trouble.js";
import { waiting } from "./waiting.js";

export function connect(view, app, credential = null) {
  const { t, server } = view;
  const ways = credential ? suited(app.ways, credential) : app.ways;
  let way = ways[0];
  let fields;
  let key = random();
  const error = h("p", { class: "error", role: "alert" });
  const place = h("div");
  const submit = h("button", { class: "primary wide" });
  const note = h("p", { class: "note" });
  const change = () => {
    fields = fieldsOf(app, way, t);
    place.replaceChildren(...fields.nodes);
    submit.replaceChildren(
      ...(way.isRedirect ? [t("continue_to", { app: app.displayName }), icon("window")] : [t(credential ? "reconnect" : "connect")]),
    );
    note.textContent = way.isRedirect && !view.redirects ? t("opens_window") : "";
    error.textContent = "";
  };
  const choices = ways.length > 1 && h(
    "fieldset",
    {},
    h("legend", {}, t("how")),
    ways.map((each, at) =>
      h(
        "label",
        { class: "choice" },
        h("input", {
          type: "radio",
          name: "way",
          checked: at === 0,
          onchange: () => {
            way = each;
            change();
          },
        }),
        each.label ? h("bdi", { lang: "en" }, each.label) : t(each.isRedirect ? "way_redirect" : `way_${each.kind}`, { app: app.displayName }),
      ),
    ),
  );
  const send = async (event) => {
    event.preventDefault();
    if (submit.ariaBusy === "true" || !fields.check()) return;
    const common = { app: app.name, way: ways.length > 1 || app.ways.length > 1 ? way.name : undefined };
    if (way.isRedirect) {
      const request = { ...common, properties: fields.values(), credentialId: credential?.credentialId };
      if (view.redirects) await leave(request);
      else view.show(waiting, app, request);
      return;
    }
    busy(true);
    try {
      view.tell({ type: "failed", code: null });
      const again = credential && view.session.credentialId == null ? { credentialId: credential.credentialId } : {};
      const answer = await server.ask("POST", "/connect/credentials", { ...common, ...again, data: fields.values() }, key);
      await view.connected(app, answer);
    } catch (trouble) {
      // The same answer would come back for the same key: the next attempt is another one, unless nobody answered.
      if (trouble.status) key = random();
      if (trouble.code === "session_over") view.fail(trouble, null);
      else if (!fields.refuse(trouble.details)) error.replaceChildren(...sentence(view, trouble, app));
      view.failed(trouble);
    } finally {
      busy(false);
    }
  };
  const busy = (is) => {
    submit.ariaBusy = `${is}`;
    if (is) say(t("checking", { app: app.displayName }));
    else hush();
  };
  const leave = async (request) => {
    busy(true);
    // Who comes back from the provider finds this page as it was left.
    addEventListener("pageshow", () => busy(false), { once: true });
    try {
      const { url } = await server.ask("POST", "/connect/oauth", { ...request, mode: "redirect" });
      view.leave(url);
    } catch (trouble) {
      busy(false);
      if (!fields.refuse(trouble.details)) view.fail(trouble, () => view.replace(connect, app, credential), app);
    }
  };
  change();
  return {
    title: t(credential ? "reconnect_to" : "connect_to", { app: app.displayName }),
    app,
    nodes: [
      credential && h("p", { class: "quiet" }, t("same_account", { name: credential.name })),
      h(
        "form",
        { novalidate: true, autocomplete: "off", onsubmit: send },
        choices,
        place,
        error,
        submit,
        note,
        app.docsUrl && !ways.every((each) => each.isRedirect) && link(view, app),
      ),
    ],
  };
}

const link = ({ t }, app) => {
  const to = URL.parse?.(app.docsUrl);
  return to?.protocol === "https:" && h("p", { class: "note" }, h("a", { href: to.href, target: "_blank", rel: "noreferrer" }, t("where")));
};

/** The ways by which that credential may have come; all, when none is known. */
function suited(ways, { kind }) {
  const found = ways.filter((each) => each.kind === kind);
  return found.length ? found : ways;
}
