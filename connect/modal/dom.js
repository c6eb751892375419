// Elements are made, never parsed: whatever is shown is text.

/** h("button", {class: "primary", onclick}, "Text", child): null and false are left out. */
export function h(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((each) => each != null && each !== false));
  return made;
}

export const button = (label, onclick, className = "") => h("button", { type: "button", class: className, onclick }, label);

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  done: "M5 12.5l4.5 4.5L19 7.5",
  trouble: "M12 7v6M12 16.6v.4",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  window: "M14 5h5v5M19 5l-8 8M17 14v5H5V7h5",
};

/** A drawing beside words, which says nothing itself. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", `icon ${name}`);
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}

/** An app's logo, from our own origin alone; its first letter where there is none. */
export function logo(app, base) {
  const letter = h("span", { class: "logo letter", "aria-hidden": "true" }, /[\p{L}\p{N}]/u.exec(app.displayName)?.[0] ?? "?");
  const address = `${app.icon ?? ""}`;
  const source = URL.parse?.(address.startsWith("/") ? location.origin + base + address : address) ?? null;
  if (source?.origin !== location.origin) return letter;
  const image = h("img", { class: "logo", src: source.href, alt: "", width: 32, height: 32, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(letter));
  return image;
}

let speaking;
const speak = (text, milliseconds) => {
  const place = document.getElementById("said");
  clearTimeout(speaking);
  place.textContent = "";
  if (text) speaking = setTimeout(() => (place.textContent = text), milliseconds);
};

/** For those who do not see the page; the same words again are said again, and only the last ones are. */
export const say = (text, milliseconds = 50) => speak(text, milliseconds);

/** What was said is over, and what was about to be said too. */
export const hush = () => speak("");
