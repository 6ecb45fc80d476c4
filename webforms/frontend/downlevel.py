"""Colours for browsers of before 2023: the offices' machines are old, and a colour they cannot read is lost.

`light-dark(a, b)` becomes `a` (there is no dark theme) and literal `oklch(...)` becomes `#rrggbb`. Colours that are
mixed at run time stay; `static/app.css` gives plain values for the variables our pages use.
"""

import math
import re
from collections.abc import Callable

LITERAL = re.compile(r"oklch\(\s*([\d.]+)%\s+([\d.]+)\s+([\d.]+|none)(?:deg)?\s*\)")


def plain_colours(css: str) -> str:
    """The style sheet with the light theme's colours written out."""
    return LITERAL.sub(_hex, _replace_calls(css, "light-dark(", lambda arguments: arguments[0]))


def _replace_calls(css: str, opening: str, answer: Callable[[list[str]], str]) -> str:
    while (start := css.rfind(opening)) >= 0:
        depth, arguments, position = 0, [""], start + len(opening)
        while depth >= 0:
            letter = css[position]
            depth += (letter == "(") - (letter == ")")
            if letter == "," and depth == 0:
                arguments.append("")
            elif depth >= 0:
                arguments[-1] += letter
            position += 1
        css = css[:start] + answer([argument.strip() for argument in arguments]) + css[position:]
    return css


def _hex(match: re.Match[str]) -> str:
    """OKLCH to sRGB, after the CSS Color specification."""
    lightness, chroma = float(match[1]) / 100, float(match[2])
    hue = math.radians(0.0 if match[3] == "none" else float(match[3]))
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_channel(value):02x}" for value in linear)


def _channel(linear: float) -> int:
    clipped = min(1.0, max(0.0, linear))
    edge = 0.0031308
    curved = 12.92 * clipped if clipped <= edge else 1.055 * clipped ** (1 / 2.4) - 0.055
    return round(curved * 255)
