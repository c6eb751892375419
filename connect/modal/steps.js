// Each step gives its title and what is shown below it. `view` has the session, the texts `t`, and where to go next.
import { h, hush, icon, logo, say } from "./dom.js";
import { fieldsOf } from "./form.js";
import { roundTrip } from "./oauth.js";
import { random, Trouble } from "./server.js";

const button = (label, onclick, className = "") => h("button", { type: "button", class: className, onclick }, label);
const ofApp = (view, app) => view.session.credentials.filter((each) => each.type === app.name);

export function choose(view) {
  const { t, session, options } = view;
  const there = new Set(session.credentials.map((each) => each.type));
  const apps = session.apps.filter((each) => !options.category || (each.categories ?? []).includes(options.category));
  const categories = [...new Set(apps.flatMap((each) => each.categories ?? []))].sort();
  const search = h("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false", placeholder: t("search") });
  const chosen = h(
    "select",
    { id: "category" },
    h("option", { value: "" }, t("all_categories")),
    categories.map((each) => h("option", { value: each, lang: "en" }, humane(each))),
  );
  const none = h("p", { class: "quiet", hidden: true });
  const rows = apps
    .sort((a, b) => there.has(b.name) - there.has(a.name) || a.displayName.localeCompare(b.displayName))
    .map((app) => ({
      app,
      text: `${app.displayName} ${app.name}`.toLowerCase(),
      node: h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "row", onclick: () => view.openApp(app.name) },
          logo(app, view.base),
          h("span", { class: "grow" }, h("bdi", {}, app.displayName)),
          there.has(app.name) && h("span", { class: "badge good" }, t("connected")),
        ),
      ),
    }));
  const filter = () => {
    const words = search.value.trim().toLowerCase();
    let found = 0;
    for (const { app, text, node } of rows) {
      node.hidden = !text.includes(words) || Boolean(chosen.value && !(app.categories ?? []).includes(chosen.value));
      found += !node.hidden;
    }
    none.hidden = found > 0;
    none.textContent = found ? "" : t("none_found");
    say(found ? t("found", { n: found }) : t("none_found"), 600);
  };
  search.addEventListener("input", filter);
  chosen.addEventListener("change", filter);
  return {
    title: t("connect_app"),
    nodes: [
      h(
        "div",
        { class: "filters" },
        h("label", { for: "search", class: "unseen" }, t("search")),
        search,
        categories.length > 1 && h("label", { for: "category", class: "unseen" }, t("category")),
        categories.length > 1 && chosen,
      ),
      h("ul", { class: "rows" }, rows.map((each) => each.node)),
      none,
    ],
  };
}

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

export function waiting(view, app, request) {
  const { t } = view;
  const title = t("go_on", { app: app.displayName });
  const words = h("p", {}, t("waiting", { app: app.displayName }));
  const hint = h("p", { class: "quiet", role: "status" });
  // Once: the same words again would be read out again.
  const tell = (text) => hint.textContent === text || (hint.textContent = text);
  let trip;
  const again = () => {
    trip?.end();
    view.replace(waiting, app, request);
  };
  view.tell({ type: "failed", code: null });
  trip = roundTrip(
    view.server,
    request,
    {
      opened: () => {},
      silent: () => tell(t("silent")),
      closed: () => tell(t("closed_hint")),
      finishing: () => (words.textContent = t("finishing")),
      connected: (answer) => view.connected(app, answer),
      trouble: (trouble) => queueMicrotask(() => view.fail(trouble, (form) => {
        view.options.form ||= form;
        view.replace(waiting, app, request);
      }, app)),
    },
    { form: Boolean(view.options.form) },
  );
  return {
    title,
    app,
    leave: () => trip.end(),
    nodes: [
      h("div", { class: "centre" }, h("span", { class: "spinner" }), words, hint),
      h("div", { class: "actions" }, button(t("open_again"), again), button(t("cancel"), () => view.back())),
    ],
  };
}

export function done(view, app, credential) {
  const { t, session } = view;
  const name = credential?.name ?? app.displayName;
  return {
    title: t("success", { app: app.displayName }),
    app,
    final: true,
    nodes: [
      h(
        "div",
        { class: "centre" },
        h("span", { class: "mark good" }, icon("done")),
        h("p", {}, t("success_hint", { name, shop: session.branding.name })),
      ),
      view.host && button(t("done"), () => view.close(), "primary wide"),
    ],
  };
}

const PROVIDER = new Set(["provider_error", "provider_timeout", "server_error", "temporarily_unavailable", "invalid_grant"]);

/** The key of its words, what a person reads, and whether they are the server's own. */
function wordsFor({ t, session }, trouble, app) {
  const values = { app: app?.displayName ?? "", shop: session?.branding.name ?? "" };
  const { code, status } = trouble;
  const known =
    code === "access_denied" ? "denied"
    : code === "session_over" ? "over"
    : code === "offline" ? "offline"
    : code === "popup_blocked" ? "blocked"
    : code === "wrong_account" ? "wrong"
    : app && (status === 502 || status === 504 || PROVIDER.has(code)) ? "provider"
    : "failed";
  // Before a session is there, nobody knows whose shop it is.
  const words = known === "over" && !session ? "over_alone" : `${known}_words`;
  return [t(`${known}_title`, values), t(words, values), known === "failed" && trouble.message, known];
}

function sentence(view, trouble, app) {
  const [, words, own] = wordsFor(view, trouble, app);
  const reference = trouble.requestId && ` ${view.t("reference", { id: trouble.requestId })}`;
  return [own ? h("bdi", { lang: "en" }, own) : words, reference].filter(Boolean);
}

/** @param again begins anew, or null where nothing can; it takes whether a tab is wanted. */
export function trouble(view, error, again, app) {
  const { t } = view;
  const [title, words, own, known] = wordsFor(view, error, app);
  return {
    title,
    app,
    nodes: [
      h(
        "div",
        { class: "centre", role: "alert" },
        h("span", { class: `mark ${known === "denied" ? "warn" : "bad"}` }, icon("trouble")),
        h("p", {}, words),
        own && h("p", { class: "quiet", lang: "en", dir: "auto" }, own),
      ),
      h(
        "div",
        { class: "actions" },
        again && button(t(known === "blocked" ? "open_tab" : "again"), () => again(known === "blocked"), "primary wide"),
        view.host && button(t("close"), () => view.close(), "wide"),
      ),
      error.requestId && h("p", { class: "note" }, t("reference", { id: error.requestId })),
    ],
  };
}

/** Some are abbreviations. */
const INITIALS = new Set(["ai", "crm", "erp", "hr"]);
const humane = (slug) =>
  INITIALS.has(slug) ? slug.toUpperCase() : slug.replace(/-/g, " ").replace(/^./, (first) => first.toUpperCase());
export { Trouble };
