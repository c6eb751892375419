// The workspace's branding, within what can be read.

const luminance = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((c) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const contrast = (a, b) => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};
const SURFACE = { light: [255, 255, 255], dark: [28, 30, 35] };
const css = (colour) => `rgb(${colour.join(" ")})`;

/** WCAG 1.4.3: the accent moves towards black or white until it has 4.5 against the surface. */
export function readable(accent, theme) {
  const goal = theme === "light" ? 0 : 255;
  for (let step = 0; step <= 20; step += 1) {
    const colour = accent.map((c) => Math.round(c + ((goal - c) * step) / 20));
    if (contrast(colour, SURFACE[theme]) >= 4.5) return colour;
  }
  return [goal, goal, goal];
}

export function dress({ accent, radius, theme } = {}) {
  const root = document.documentElement;
  if (theme === "light" || theme === "dark") {
    root.style.colorScheme = theme;
    root.dataset.theme = theme;
  }
  const hex = /^#([0-9a-f]{6})$/i.exec(accent ?? "");
  if (hex) {
    const colour = [0, 2, 4].map((at) => parseInt(hex[1].slice(at, at + 2), 16));
    for (const each of ["light", "dark"]) {
      const shown = readable(colour, each);
      root.style.setProperty(`--accent-${each}`, css(shown));
      root.style.setProperty(`--on-accent-${each}`, contrast(shown, [255, 255, 255]) >= 4.5 ? "#fff" : "#000");
    }
  }
  const pixels = Number.parseFloat(radius);
  if (pixels >= 0 && pixels <= 32) root.style.setProperty("--radius", `${pixels}px`);
}

const LANGUAGES = ["en", "de", "fr", "es", "pt", "ja", "ar"];

/** The first language that we have: asked for, the session's, the browser's. */
export async function learn(...wanted) {
  const language = wanted
    .filter(Boolean)
    .map((each) => `${each}`.slice(0, 2).toLowerCase())
    .find((each) => LANGUAGES.includes(each)) ?? "en";
  const { texts } = await import(`./texts/${language}.js`);
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
  // What comes from outside is set apart, so that its direction stays its own.
  const apart = (value) => {
    const plain = `${value ?? ""}`.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
    return language === "ar" || /[\u0590-\u08ff\ufb1d-\ufefc]/.test(plain) ? `\u2068${plain}\u2069` : plain;
  };
  return (key, values = {}) => (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => apart(values[name]));
}
