// Connected.
import { button, h, icon } from "../dom.js";

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
