// The page of Acme Shop: it talks to its own backend alone.
const $ = (id) => document.getElementById(id);
const wanted = new URLSearchParams(location.search).get("reconnect");
const told = new Map();
let credentials = "";
let newest = null;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

async function ask(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const details = (content.details ?? []).map((each) => each.message).join(" ");
    throw new Error(`${content.message ?? `Answer ${answer.status}.`} ${details}`.trim());
  }
  return content;
}

function say(text) {
  $("notice").textContent = text;
}

// One click at a time; what goes wrong is said where it is looked for.
async function during(button, work, complain = say) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    complain(error.message);
  } finally {
    button.disabled = false;
  }
}

const time = (text) => new Date(text).toLocaleString();

// As a product uses the SDK: a token of its own backend, the dialog, and what came of it.
const evergrant = window.Evergrant();
const token = async (credentialId) => (await ask("/connect/session", credentialId ? { credentialId } : {})).token;

async function connectInDialog(credentialId) {
  evergrant.setToken(await token(credentialId)).onTokenExpired(() => token(credentialId));
  try {
    await evergrant.connect({ credentialId });
    say("Connected.");
  } catch (error) {
    if (error.code !== "closed") say(`Nothing was connected: ${error.code}.`);
  }
  await showCredentials();
}

async function connect(credentialId) {
  const { location: to } = await ask("/connect/oauth", credentialId ? { credentialId } : {});
  location.assign(to);
}

function tellOf(credential, text) {
  told.set(credential.credentialId, text);
  const place = document.querySelector(`[data-told="${CSS.escape(credential.credentialId)}"]`);
  if (place) place.textContent = text;
}

function actionsOf(credential) {
  const { credentialId, type, status, name } = credential;
  const actions = [];
  const add = (label, work, className = "") => {
    const button = element("button", { textContent: label, className });
    button.setAttribute("aria-label", `${label}: ${name}`);
    button.addEventListener("click", () => during(button, work, (text) => tellOf(credential, text)));
    actions.push(button);
  };
  if (status === "expired") add("Reconnect", () => connectInDialog(credentialId), "primary");
  add("Fetch fresh token", async () => {
    const { kind, expiresAt, secret, headers } = await ask("/credentials/token", { credentialId });
    const parts = Object.entries(secret).map(([key, value]) => `${key} ${value}`);
    const until = expiresAt ? `good until ${time(expiresAt)}` : "no known end";
    tellOf(credential, [kind, ...parts, until, `sent as ${headers.join(", ") || "a signature"}`].join(" · "));
  });
  if (type === "dev-provider" && status !== "expired") {
    add("Revoke at the provider", async () => {
      const { status: now } = await ask("/credentials/revoke", { credentialId });
      tellOf(credential, `The provider ended the grant. ${now ? `It is ${now} now.` : "The next check will see it."}`);
      await showCredentials();
    });
  }
  add("Disconnect", async () => {
    await ask("/credentials/disconnect", { credentialId });
    told.delete(credentialId);
    say(`${name} is disconnected.`);
    await showCredentials();
    $("connected").focus();
  });
  return actions;
}

function row(credential) {
  const { credentialId, name, status, expiresAt } = credential;
  const lasting = expiresAt ? `ends ${time(expiresAt)}` : "no known end";
  const until = status === "expired" ? "" : lasting;
  const output = element("p", { className: "told", textContent: told.get(credentialId) ?? "" });
  output.dataset.told = credentialId;
  output.setAttribute("role", "status");
  return element(
    "li",
    { className: credentialId === wanted && status === "expired" ? "wanted" : "" },
    element(
      "div",
      { className: "line" },
      element("strong", { textContent: name }),
      element("span", { className: `badge ${status}`, textContent: status }),
      element("span", { className: "quiet", textContent: until }),
    ),
    element("div", { className: "actions" }, ...actionsOf(credential)),
    output,
  );
}

async function showCredentials() {
  const { data } = await ask("/credentials");
  const now = JSON.stringify(data);
  if (now === credentials) return;
  credentials = now;
  $("credentials").replaceChildren(...data.map(row));
  $("no-credentials").hidden = data.length > 0;
}

function eventRow(event) {
  const { receivedAt, timestamp } = event;
  const when = receivedAt ? new Date(receivedAt).toLocaleTimeString() : `before this start, ${time(timestamp)}`;
  return element(
    "li",
    {},
    element(
      "div",
      { className: "line" },
      element("span", { className: `badge ${String(event.type).split(".").pop()}`, textContent: event.type }),
      element("span", { textContent: event.credentialName ?? "" }),
      element("span", { textContent: event.userEmail ?? event.userId ?? "" }),
      element("span", { className: "quiet", textContent: when }),
    ),
    element(
      "details",
      {},
      element("summary", { textContent: "Body" }),
      element("pre", { textContent: JSON.stringify({ ...event, receivedAt: undefined }, null, 2) }),
    ),
  );
}

// Only what is new is added: an open body stays open, and a screen reader hears each once.
async function showEvents() {
  const { data } = await ask("/events");
  const known = data.findIndex((each) => each.id === newest);
  const fresh = known < 0 ? data : data.slice(0, known);
  if (fresh.length === 0) return;
  newest = data[0].id;
  $("events").prepend(...fresh.map(eventRow));
  $("no-events").hidden = true;
  await showCredentials();
}

$("connect").addEventListener("click", (event) => during(event.currentTarget, () => connectInDialog()));
$("connect-oauth").addEventListener("click", (event) => during(event.currentTarget, () => connect()));
$("connect-key").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const values = { apiKey: form.elements.apiKey.value, endsSoon: form.elements.endsSoon.checked };
  during(form.querySelector("button"), async () => {
    await ask("/connect/key", values);
    form.reset();
    say("Dev Keys is connected.");
    await showCredentials();
  });
});
$("connected").tabIndex = -1;
await showCredentials().catch((error) => say(error.message));
if (wanted && !JSON.parse(credentials || "[]").some((each) => each.credentialId === wanted)) {
  say("The credential of this link is not here: it was disconnected, or belongs to another user than the one above.");
}
for (let second = 0; ; second += 1) {
  if (!document.hidden) {
    await showEvents().catch(() => {});
    if (second % 10 === 9) await showCredentials().catch(() => {});
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
