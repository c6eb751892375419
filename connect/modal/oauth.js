// The round trip in a pop-up. It is bound to this browser before it goes to the provider; only this page completes it.
import { h } from "./dom.js";
import { Trouble, random } from "./server.js";

const POLL_MILLISECONDS = 1000;
const READY_MILLISECONDS = 4000;
const CLOSED_MILLISECONDS = 1500;

/**
 * Call it in the click itself: only then may a window open.
 * `on`: opened(), silent(), closed(), connected(answer), trouble(error).
 */
export function roundTrip(server, request, on, { form = false } = {}) {
  const opening = `${server.base}/connect/opening?locale=${document.documentElement.lang}`;
  const authorizations = new Set();
  let popup = null;
  let over = false;
  let completing = false;

  const end = () => {
    over = true;
    clearInterval(polling);
    clearTimeout(silent);
    removeEventListener("message", hear);
    removeEventListener("focus", poll);
    document.removeEventListener("visibilitychange", poll);
  };
  const fail = (error) => {
    if (over) return;
    end();
    popup?.close();
    on.trouble(error);
  };

  async function hear(event) {
    // Our own pop-up on our own origin; nobody else is listened to.
    if (event.origin !== location.origin || event.source !== popup || over) return;
    const said = event.data ?? {};
    if (said.type === "evergrant:ready") await bind();
    else if (said.type === "evergrant:trouble") fail(new Trouble(400, said));
    else if (said.type === "evergrant:completion" && authorizations.has(said.authorizationId)) await complete(said.completion);
    else if (said.type === "evergrant:failed" && authorizations.has(said.authorizationId)) fail(new Trouble(400, { code: said.error }));
  }

  // A fresh binder each time: the pop-up may have been reloaded while the last one was under way.
  async function bind() {
    clearTimeout(silent);
    try {
      const { authorizationId, binder } = await server.ask("POST", "/connect/oauth", request);
      if (over) return;
      authorizations.add(authorizationId);
      popup.postMessage({ type: "evergrant:binder", authorizationId, binder }, location.origin);
      on.opened();
    } catch (error) {
      fail(error);
    }
  }

  async function complete(completion) {
    if (completing || over) return;
    completing = true;
    try {
      on.finishing();
      const answer = await server.ask("POST", "/connect/oauth/complete", { completion });
      end();
      on.connected(answer);
    } catch (error) {
      fail(error);
    }
  }

  // A provider's isolation may have cut the pop-up off for good: then only this finds its end.
  async function poll() {
    for (const each of authorizations) {
      if (over || completing) return;
      try {
        const { status, completion, error } = await server.ask("GET", `/connect/oauth/${each}`);
        if (status === "ready" && completion) await complete(completion);
        else if (status === "failed") fail(new Trouble(400, { code: error ?? "provider_error" }));
      } catch (error) {
        if (error.code === "session_over") fail(error);
      }
    }
    // Isolated pages look closed too: this is a hint for the merchant, not the end.
    if (popup?.closed && !over && !completing) setTimeout(() => !over && !completing && on.closed(), CLOSED_MILLISECONDS);
  }

  addEventListener("message", hear);
  addEventListener("focus", poll);
  document.addEventListener("visibilitychange", poll);
  const polling = setInterval(poll, POLL_MILLISECONDS);
  let silent;
  if (form) {
    const attempt = random();
    authorizations.add(attempt);
    submit(opening, server.token, request, attempt);
    on.opened();
  } else {
    popup = window.open(opening, "_blank", "popup,width=520,height=720");
    if (popup) silent = setTimeout(() => !over && on.silent(), READY_MILLISECONDS);
    else {
      end();
      on.trouble(new Trouble(400, { code: "popup_blocked" }));
    }
  }
  return {
    focus: () => popup?.focus(),
    end() {
      end();
      popup?.close();
    },
  };
}

/** Where a page around us cuts pop-ups off, a form opens a tab, and says itself who sends it. */
function submit(action, token, { app, way, credentialId, properties = {} }, attempt) {
  const values = { token, attempt, app, way, credentialId };
  for (const [name, value] of Object.entries(properties)) values[`properties.${name}`] = value;
  const form = h(
    "form",
    { method: "post", action, target: "_blank", rel: "opener", hidden: true },
    Object.entries(values).map(([name, value]) => value != null && h("input", { type: "hidden", name, value })),
  );
  document.body.append(form);
  form.submit();
  form.remove();
}
