// The page around the frame: a handshake with its exact origin, then a port that nobody else holds.

/** Waits for the SDK. Null when this page stands alone. */
export function meetHost(settings) {
  if (window.parent === window) return Promise.resolve(null);
  const origin = new URLSearchParams(location.hash.slice(1)).get("host");
  // The browser has compared all ancestors with `frame-ancestors`; the nearest must be who it says it is.
  if (!settings.origins.includes(origin)) return new Promise(() => {});
  return new Promise((resolve) => {
    addEventListener("message", function hear(event) {
      if (event.source !== window.parent || event.origin !== origin || event.data?.type !== "evergrant:open") return;
      const [port] = event.ports;
      if (!port || typeof event.data.token !== "string") return;
      removeEventListener("message", hear);
      resolve(new Host(port, event.data.token, event.data.options ?? {}));
    });
    window.parent.postMessage({ type: "evergrant:ready" }, origin);
  });
}

class Host {
  #port;
  #waiting;

  constructor(port, token, options) {
    this.#port = port;
    this.token = token;
    this.options = options;
    port.onmessage = ({ data }) => {
      if (data?.type === "token") this.#waiting?.(typeof data.token === "string" ? data.token : null);
    };
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.tell({ type: "close" });
    });
  }

  tell(message) {
    this.#port.postMessage(message);
  }

  /** A new token, or null. */
  renew() {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      setTimeout(() => resolve(null), 15000);
      this.tell({ type: "token" });
    });
  }
}
