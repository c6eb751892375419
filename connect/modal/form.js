// The fields of one way to connect, as the catalogue describes them.
import { h } from "./dom.js";

let count = 0;

/** Its nodes, and what can be asked of them. */
export function fieldsOf(app, way, t) {
  const asked = (way.properties ?? []).map((name) => app.properties.find((each) => each.name === name)).filter(Boolean);
  const fields = asked.map((property) => new Field(property, t));
  return {
    nodes: fields.map((each) => each.node),
    /** Whether all can be sent; the first that cannot has the focus. */
    check() {
      const wrong = fields.filter((each) => !each.check(true));
      wrong[0]?.input.focus();
      return wrong.length === 0;
    },
    values: () => Object.fromEntries(fields.filter((each) => each.value).map((each) => [each.property.name, each.value])),
    /** The server's own words, at the fields that they are about. False when none is. */
    refuse(details) {
      let first = null;
      for (const { path, message } of details) {
        const field = fields.find((each) => `${path}`.split(".").pop() === each.property.name);
        field?.complain(message, "en");
        first ??= field;
      }
      first?.input.focus();
      return Boolean(first);
    },
  };
}

class Field {
  constructor(property, t) {
    this.property = property;
    this.t = t;
    const id = `field-${(count += 1)}`;
    const described = property.description ? `${id}-help ${id}-error` : `${id}-error`;
    const shared = {
      id,
      "aria-describedby": described,
      "aria-required": property.required,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      dir: "auto",
    };
    this.input = property.choices
      ? h("select", shared, h("option", { value: "" }, ""), property.choices.map((each) => h("option", { value: each }, each)))
      : property.multiline
        ? h("textarea", { ...shared, rows: 4, placeholder: property.placeholder || null })
        : h("input", { ...shared, type: property.secret ? "password" : "text", placeholder: property.placeholder || null });
    this.error = h("p", { id: `${id}-error`, class: "error" });
    const name = property.displayName;
    this.node = h(
      "div",
      { class: "field" },
      h("label", { for: id }, h("bdi", {}, name), !property.required && h("span", { class: "quiet" }, ` ${t("optional")}`)),
      property.description && h("p", { id: `${id}-help`, class: "help", lang: "en", dir: "auto" }, property.description),
      h("div", { class: "box" }, this.input, property.secret && this.input.type === "password" && this.#reveal(name, t)),
      this.error,
    );
    this.input.addEventListener("blur", () => {
      if (this.input.value) this.check(true);
    });
    this.input.addEventListener("input", () => this.check(this.input.hasAttribute("aria-invalid")));
  }

  #reveal(name, t) {
    const button = h("button", { type: "button", class: "plain", "aria-pressed": "false", "aria-label": t("show_value", { name }) }, t("show"));
    button.addEventListener("click", () => {
      const shown = this.input.type === "password";
      this.input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", `${shown}`);
      button.textContent = t(shown ? "hide" : "show");
      button.setAttribute("aria-label", t(shown ? "hide_value" : "show_value", { name }));
    });
    return button;
  }

  /** What was typed or pasted, without the blanks that copying brings along. */
  get value() {
    return this.input.value.trim();
  }

  /** @param loud whether to say so */
  check(loud) {
    const name = this.property.displayName;
    const wrong = !this.value
      ? this.property.required && this.t("missing", { name })
      : !fits(this.property.pattern, this.value) && this.t("not_like", { name });
    if (loud || !wrong) this.complain(wrong || "");
    return !wrong;
  }

  complain(words, lang) {
    this.error.textContent = words;
    if (lang) this.error.lang = lang;
    else this.error.removeAttribute("lang");
    if (words) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }
}

/** The server checks again: a pattern that this browser cannot read refuses nothing. */
function fits(pattern, value) {
  if (!pattern || value.length > 4096) return true;
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}
