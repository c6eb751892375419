// Our own API, with the session's token. What goes wrong is a Trouble that says whose turn it is.

export class Trouble extends Error {
  constructor(status, content = {}) {
    super(content.message ?? "");
    this.status = status;
    this.code = content.code ?? (status ? "unavailable" : "offline");
    this.requestId = content.requestId ?? null;
    this.details = Array.isArray(content.details) ? content.details : [];
  }
}

export class Server {
  #token;
  #renew;

  constructor(base, token, renew) {
    this.base = base;
    this.#token = token;
    this.#renew = renew;
  }

  /** For the form that opens a tab. */
  get token() {
    return this.#token;
  }

  async ask(method, path, content, key) {
    let answer = await this.#send(method, path, content, key);
    if (answer.status === 401 && this.#renew) {
      const token = await this.#renew();
      if (!token) throw new Trouble(401, { code: "session_over" });
      this.#token = token;
      answer = await this.#send(method, path, content, key);
    }
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    if (answer.status === 401) told.code = "session_over";
    throw new Trouble(answer.status, told);
  }

  async #send(method, path, content, key) {
    const headers = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    if (content) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    try {
      return await fetch(this.base + path, {
        method,
        headers,
        body: content && JSON.stringify(content),
        credentials: path === "/connect/redeem" ? "same-origin" : "omit",
        cache: "no-store",
      });
    } catch {
      throw new Trouble(0);
    }
  }
}

/** 256 random bits, as 43 characters. */
export function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
