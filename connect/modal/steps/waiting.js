// The provider's window is open.
import { button, h } from "../dom.js";
import { roundTrip } from "../oauth.js";

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
