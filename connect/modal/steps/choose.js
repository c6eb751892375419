// Which app? Those that are connected stand first.
import { h, logo, say } from "../dom.js";

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

/** Some are abbreviations. */
const INITIALS = new Set(["ai", "crm", "erp", "hr"]);
const humane = (slug) =>
  INITIALS.has(slug) ? slug.toUpperCase() : slug.replace(/-/g, " ").replace(/^./, (first) => first.toUpperCase());
