"""What can be seen and used of a step, asked in the frame itself: by the debugger, as its policy knows no eval."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Frame

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

SMALL = """() => [...document.querySelectorAll('button, input, select, textarea, a')]
  .map((each) => each.matches('[type=radio]') ? each.closest('label') : each)
  .filter((each) => each.checkVisibility() && (each.offsetHeight < 44 || each.offsetWidth < 44))
  .map((each) => each.outerHTML)"""
"""WCAG 2.5.8 and more: targets of less than 44 CSS pixels. A radio button's is its label."""

STICKS_OUT = """() => [document.documentElement, ...document.querySelectorAll('main, main *, header, footer')]
  .filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline'
    && !each.matches('.unseen, input, select, svg *'))
  .map((each) => each.outerHTML.slice(0, 200))"""
"""WCAG 1.4.10: what is wider than its place, so that one would have to scroll sideways."""

CUT_OFF = """() => {
  const pen = document.createElement('canvas').getContext('2d');
  const fits = (each, text) => {
    const style = getComputedStyle(each);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    pen.letterSpacing = style.letterSpacing;
    pen.wordSpacing = style.wordSpacing;
    const inside = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return pen.measureText(text).width <= inside + 1;
  };
  const hides = ({overflowX, overflowY}) => [overflowX, overflowY].some((each) => ['hidden', 'clip'].includes(each));
  return [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility() && !each.closest('.unseen'))
    .filter((each) => each.matches('select') ? !fits(each, each.selectedOptions[0]?.text ?? '')
      : each.matches('input') ? !each.value && !fits(each, each.placeholder)
      : hides(getComputedStyle(each)) && !each.closest('svg')
        && (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1))
    .map((each) => each.outerHTML.slice(0, 200));
}"""
"""Texts of which a part is not there: clipped, or longer than the field that shows them."""

OUT_OF_REACH = """() => {
  const all = [...document.querySelectorAll('button, input, select, textarea, a')]
    .filter((each) => each.checkVisibility() && !each.matches('li:nth-child(n+16) *'));
  const found = new Set();
  for (const each of [...all, ...all.reverse()]) {
    each.scrollIntoView({block: 'nearest'});
    const {left, top, width, height} = each.getBoundingClientRect();
    const at = document.elementFromPoint(left + width / 2, top + height / 2);
    const there = at && (each.contains(at) || at.contains(each) && at.closest('label'));
    if (!there) found.add(each.outerHTML.slice(0, 200));
  }
  document.querySelector('main').scrollTop = 0;
  scrollTo(0, 0);
  return [...found];
}"""
"""WCAG 2.4.11: what is still hidden, or lies below something else, where the focus has scrolled to it, down or up."""

MOVES = """() => document.getAnimations().filter(({effect}) =>
    effect.getKeyframes().some((each) => ['transform', 'translate', 'rotate', 'scale', 'left', 'top'].some((name) =>
      name in each))).map(({animationName}) => animationName)"""
"""WCAG 2.3.3, where less motion is asked for."""

CONTRAST = """
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => { const [r, g, b] = numbers(colour).map((c) =>
    (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + .05) / (y + .05); };
  const canvas = getComputedStyle(document.body).backgroundColor;
  const seen = (colour) => numbers(colour)[3] !== 0 && contrast(colour, canvas) >= 3;"""

WITHOUT_EDGES = f"""() => {{ {CONTRAST}
  if (!matchMedia('(forced-colors: active)').matches) return ['The colours are not forced.'];
  return [...document.querySelectorAll('button, input:not([type=radio]), select, textarea, .badge, .choice, .card')]
    .filter((each) => each.checkVisibility())
    .filter((each) => {{ const style = getComputedStyle(each);
      return parseFloat(style.borderTopWidth) < 1 || !seen(style.borderTopColor) || !seen(style.color); }})
    .map((each) => each.outerHTML.slice(0, 200));
}}"""
"""Forced colours: backgrounds are gone there, so that edges and texts say what something is."""

SAME = """() => {
  const edge = (each) => { const style = getComputedStyle(each);
    return [style.borderTopWidth, style.outlineStyle, style.outlineColor, style.outlineWidth].join(' '); };
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility());
  const pairs = [['button.primary', 'button:not(.primary, .plain, .row)'],
    ['.choice:has(:checked)', '.choice:not(:has(:checked))'],
    ['.box > [aria-invalid=true]', '.box > input:not([aria-invalid])']];
  return pairs.flatMap(([one, other]) => shown(one).filter((each) => each !== document.activeElement
    && shown(other).some((every) => edge(every) === edge(each)))).map((each) => each.outerHTML.slice(0, 200));
}"""
"""Forced colours: what is chosen, wrong or the main thing to do looks like what is not."""

FOCUSED = f"""() => {{ {CONTRAST}
  const each = document.activeElement, style = getComputedStyle(each);
  if (each === document.body || each.matches('h1, main')) return [];
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && seen(style.outlineColor)
    ? [] : [each.outerHTML.slice(0, 200)];
}}"""
"""Whether the focus cannot be seen."""


def violations(frame: Frame) -> list[str]:
    """Axe's."""
    if frame.evaluate("typeof window.axe") == "undefined":
        frame.evaluate(f"() => {{ {AXE.read_text('utf-8')} }}")
    found: dict[str, Any] = frame.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    assert len(found["passes"]) > 10
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found["violations"]]


def unusable(frame: Frame) -> list[str]:
    """What cannot be read or reached, at the size that the frame has now."""
    found: list[str] = []
    for check in (STICKS_OUT, CUT_OFF, SMALL, OUT_OF_REACH, MOVES):
        found += frame.evaluate(check)
    return found
