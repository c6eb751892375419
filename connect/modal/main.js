// The modal: who is here, what is asked, which step is shown.
import { h, hush, icon, logo } from "./dom.js";
import { meetHost } from "./host.js";
import { dress, learn } from "./look.js";
import { Server, Trouble } from "./server.js";
import * as steps from "./steps.js";

const { base, workspace, origins } = document.querySelector("meta[name=evergrant]").dataset;
const CODES = { access_denied: "denied", session_over: "expired_token", popup_blocked: "popup_blocked", wrong_account: "provider_error" };
const $ = (id) => document.getElementById(id);

const view = {
  base,
  t: (key) => key,
  session: null,
  stack: [],
  now: null,

  /** Whether the whole page goes to the provider, and the owner's server finishes. */
  get redirects() {
    return !view.host || view.session.hosted || view.options.mode === "redirect";
  },
  show(step, ...values) {
    if (view.now && !view.now.passing) view.stack.push(view.now);
    view.paint(step, values);
  },
  replace(step, ...values) {
    view.paint(step, values);
  },
  back() {
    const former = view.stack.pop();
    if (former) view.paint(former.step, former.values);
  },
  paint(step, values) {
    view.now?.leave?.();
    view.now = { step, values, passing: step === steps.waiting || step === steps.trouble };
    const shown = step(view, ...values);
    view.now.leave = shown.leave;
    if (shown.final) view.stack = [];
    frame(shown);
    view.tell({ type: "step", step: step.name, app: shown.app?.name });
  },
  tell(message) {
    view.host?.tell(message);
  },
  close() {
    view.tell({ type: "close" });
  },
  leave(url) {
    if (view.host) view.tell({ type: "redirect", url });
    else if (/^https?:/.test(url)) location.assign(url);
  },

  async openApp(name) {
    try {
      let app = view.session.apps.find((each) => each.name === name) ?? { name };
      if (!app.ways) app = (await view.server.ask("GET", `/connect/apps/${encodeURIComponent(name)}`)).data;
      const there = view.session.credentials.some((each) => each.type === app.name);
      view.show(there ? steps.accounts : steps.connect, app);
    } catch (error) {
      view.fail(error, () => view.openApp(name));
    }
  },
  /** An answer of the server that a credential is there. */
  async connected(app, answer) {
    if (answer.location) return view.leave(answer.location);
    view.tell({ type: "connected", app: app.name, credentialId: answer.credentialId });
    const known = view.session.credentials.find((each) => each.credentialId === answer.credentialId);
    view.replace(steps.done, app, answer.credential ?? known);
  },
  /** The page around us hears of it. */
  failed(error) {
    const code = CODES[error.code] ?? (error.status >= 500 || error.code === "provider_error" ? "provider_error" : "unavailable");
    view.tell({ type: "failed", code, message: error.message, requestId: error.requestId });
  },
  fail(error, again, app) {
    view.failed(error);
    view.show(steps.trouble, error, error.code === "session_over" ? null : again, app);
  },
};

function frame({ title, nodes, app, final }) {
  const { t, session } = view;
  hush();
  const canGoBack = !final && view.stack.length > 0;
  $("bar").replaceChildren(
    ...[
      canGoBack && h("button", { type: "button", class: "plain square", "aria-label": t("back"), onclick: () => view.back() }, icon("back")),
      h("span", { class: "brand" }, session && !view.options.hide && brand(session.branding)),
      view.host && h("button", { type: "button", class: "plain square", "aria-label": t("close"), onclick: view.close }, icon("close")),
    ].filter(Boolean),
  );
  const heading = h("h1", { tabindex: -1 }, app && logo(app, base), h("span", {}, title));
  $("main").replaceChildren(heading, ...nodes.filter(Boolean));
  // Where there is little height, the whole page scrolls.
  $("main").scrollTop = 0;
  scrollTo(0, 0);
  document.title = title;
  $("foot").textContent = session ? t("as", { user: session.user.fullName || session.user.username, shop: session.branding.name }) : "";
  heading.focus({ preventScroll: true });
}

function brand({ name, logo: source }) {
  const to = source && URL.parse?.(source);
  const image = to?.protocol === "https:" && h("img", { src: to.href, alt: "", height: 24 });
  if (image) image.addEventListener("error", () => image.remove());
  return [image, h("bdi", {}, name)];
}

/** A hosted link's fragment is good once, and stays in no history. */
async function redeemed() {
  const link = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  if (!link) throw new Trouble(401, { code: "session_over" });
  return (await new Server(base, "").ask("POST", "/connect/redeem", { link })).token;
}

async function begin() {
  const host = await meetHost({ origins: origins.split(" ").filter(Boolean) });
  view.host = host;
  view.options = host?.options ?? {};
  // Both at once: they need nothing of each other.
  const speaking = learn(view.options.locale, ...navigator.languages).then((t) => (view.t = t));
  try {
    view.server = new Server(base, host ? host.token : await redeemed(), host && (() => host.renew()));
    const session = await view.server.ask("GET", "/connect/session");
    if (session.workspaceId !== workspace) throw new Trouble(403, { message: "This session belongs to another workspace." });
    view.session = session;
  } catch (error) {
    await speaking;
    // A link that was opened before is over, too.
    if (error.status === 400 && !host) error.code = "session_over";
    return view.fail(error, host && (() => location.reload()));
  }
  const { session, options } = view;
  dress(session.branding);
  await speaking;
  view.t = await learn(options.locale, session.locale, ...navigator.languages);
  const credentialId = session.credentialId ?? options.credentialId;
  const credential = credentialId && session.credentials.find((each) => each.credentialId === credentialId);
  const named = credential?.type ?? options.app ?? (session.apps.length === 1 ? session.apps[0].name : null);
  if (!named) return view.show(steps.choose);
  if (!credential) return view.openApp(named);
  try {
    view.show(steps.connect, (await view.server.ask("GET", `/connect/apps/${encodeURIComponent(named)}`)).data, credential);
  } catch (error) {
    view.fail(error, () => location.reload());
  }
}

document.documentElement.classList.toggle("framed", window.parent !== window);
await begin();
