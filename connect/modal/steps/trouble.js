// What did not work, in words that a merchant understands, and a way on.
import { button, h, icon } from "../dom.js";

const PROVIDER = new Set(["provider_error", "provider_timeout", "server_error", "temporarily_unavailable", "invalid_grant"]);

/** The key of its words, what a person reads, and whether they are the server's own. */
export function wordsFor({ t, session }, trouble, app) {
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

export function sentence(view, trouble, app) {
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
