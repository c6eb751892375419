// Written by `python -m tools.sdk` from evergrant.mjs, which has the comments.
globalThis.Evergrant ??= (() => {
"use strict";
const READY_MILLISECONDS = 20000;
const STYLE = `
dialog.evergrant{box-sizing:border-box;width:min(30rem,100vw);height:min(42rem,100dvh);max-width:none;max-height:none;
margin:auto;padding:0;border:0;border-radius:16px;overflow:hidden;background:Canvas;color-scheme:light dark;
box-shadow:0 24px 64px rgb(0 0 0/.3)}
dialog.evergrant::backdrop{background:rgb(15 18 25/.55)}
dialog.evergrant iframe{display:block;width:100%;height:100%;border:0}
@media(max-width:30rem){dialog.evergrant{width:100vw;height:100dvh;border-radius:0}}`;
class EvergrantError extends Error {
constructor(code, message, requestId) {
super(message ?? code);
this.name = "EvergrantError";
this.code = code;
this.requestId = requestId ?? null;
}
}
const scriptUrl = document.currentScript?.src ?? document.querySelector('script[src*="/sdk/evergrant"]')?.src ?? "";
let sheet;
function Evergrant(options = {}) {
const from = /\/sdk\/([^/]+\/)?evergrant\.m?js/.test(scriptUrl) ? scriptUrl : "";
let base = options.url ?? from.replace(/\/sdk\/.*/, "/");
const workspace = options.workspace ?? (from && new URL(from).searchParams.get("workspace")) ?? "";
let token = "";
let freshToken;
let listener;
let closeOpen;
function connect(wanted = {}) {
if (wanted.signal?.aborted) return Promise.reject(wanted.signal.reason);
if (closeOpen) return Promise.reject(new EvergrantError("invalid_request", "A dialog is open already."));
if (!token) return Promise.reject(new EvergrantError("invalid_request", "Call setToken() first."));
if (!base || !workspace) {
return Promise.reject(new EvergrantError("invalid_request", "Say the url and the workspace: Evergrant({url, workspace})."));
}
return new Promise((resolve, reject) => {
const opened = open(new URL(base.endsWith("/") ? base : `${base}/`), workspace, wanted, {
token: () => token,
renew: async () => {
const fresh = await freshToken?.();
if (!fresh) throw new EvergrantError("expired_token");
return (token = fresh);
},
tell: (event) => listener?.(event),
resolve,
reject,
ended: () => (closeOpen = undefined),
});
closeOpen = opened;
});
}
const evergrant = Object.freeze({
setToken(value) {
token = value;
return evergrant;
},
setRegion(region) {
if (/^https?:\/\//.test(region)) base = region;
return evergrant;
},
onTokenExpired(callback) {
freshToken = callback;
return evergrant;
},
onEvent(callback) {
listener = callback;
return evergrant;
},
connect,
authenticate({ callback, ...wanted }) {
connect(wanted).then(
(connected) => callback({ success: true, ...connected }),
(error) => {
const { code, requestId } = error instanceof EvergrantError ? error : { code: "closed", requestId: null };
callback({ success: false, error:  (code), requestId });
},
);
},
close() {
closeOpen?.();
},
});
return evergrant;
}
function open(base, workspace, wanted, owner) {
const life = new AbortController();
const { signal } = life;
const before = document.activeElement;
const root = document.documentElement;
const overflow = root.style.overflow;
const title = wanted.title ?? "Connect an app";
const dialog = document.createElement("dialog");
const frame = document.createElement("iframe");
let connected;
let failure;
let port;
const source = new URL("connect", base);
source.searchParams.set("workspace", workspace);
source.hash = `host=${location.origin}`;
frame.src = source.href;
frame.title = title;
frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox");
dialog.className = "evergrant";
dialog.setAttribute("aria-label", title);
dialog.append(frame);
if (!sheet) {
sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
}
if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
function finish(error) {
if (signal.aborted) return;
life.abort();
clearTimeout(late);
removal.disconnect();
port?.close();
if (dialog.open) dialog.close();
dialog.remove();
root.style.overflow = overflow;
if (before instanceof HTMLElement) before.focus();
owner.ended();
if (connected) owner.resolve(connected);
else owner.reject(error ?? failure ?? new EvergrantError("closed", "The dialog was closed before anything was connected."));
owner.tell({ type: "closed" });
}
async function hear(said) {
switch (said?.type) {
case "connected":
connected = { credentialId: String(said.credentialId), connectionId: String(said.credentialId) };
owner.tell({ type: "connected", app: said.app, credentialId: said.credentialId });
break;
case "failed":
failure = said.code ? new EvergrantError(said.code, said.message, said.requestId) : undefined;
if (failure) owner.tell({ type: "failed", code: failure.code, requestId: failure.requestId });
break;
case "step":
owner.tell({ type: "step", step: said.step, app: said.app });
break;
case "token":
try {
port?.postMessage({ type: "token", token: await owner.renew() });
} catch {
port?.postMessage({ type: "token", token: null });
}
break;
case "redirect": {
const to = new URL(said.url, base);
if (to.origin === base.origin) location.assign(to.href);
break;
}
case "close":
if (dialog.requestClose) dialog.requestClose();
else dialog.close();
}
}
const severed = isSevering();
addEventListener(
"message",
async (event) => {
if (event.source !== frame.contentWindow || event.origin !== base.origin || event.data?.type !== "evergrant:ready") return;
clearTimeout(late);
const form = await severed;
if (signal.aborted) return;
const channel = new MessageChannel();
port?.close();
port = channel.port1;
port.onmessage = (message) => hear(message.data);
const { app, category, credentialId, locale, hide, mode = "auto" } = wanted;
const options = { app, category, credentialId, locale, hide, mode, form };
frame.contentWindow?.postMessage({ type: "evergrant:open", token: owner.token(), options }, base.origin, [channel.port2]);
owner.tell({ type: "opened" });
},
{ signal },
);
dialog.addEventListener("close", () => finish(), { signal });
wanted.signal?.addEventListener("abort", () => finish(wanted.signal?.reason), { signal });
const late = setTimeout(
() => finish(new EvergrantError("unavailable", "The dialog did not load. Is this page's origin registered with the workspace?")),
READY_MILLISECONDS,
);
const removal = new MutationObserver(() => dialog.isConnected || finish());
(document.body ?? root).append(dialog);
removal.observe(root, { childList: true, subtree: true });
root.style.overflow = "hidden";
dialog.showModal();
frame.focus();
return () => finish();
}
async function isSevering() {
try {
const answer = await fetch(location.href, { method: "HEAD", signal: AbortSignal.timeout(2000) });
return answer.headers.get("cross-origin-opener-policy")?.trim().startsWith("same-origin") === true
&& !answer.headers.get("cross-origin-opener-policy")?.includes("allow-popups");
} catch {
return false;
}
}
return Object.freeze(Object.assign(Evergrant, { EvergrantError }));
})();
