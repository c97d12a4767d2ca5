"""The colors of every picture and page, by role, on light and on dark ground.

Series colors follow Okabe and Ito's (2008) palette for color-blind readers, darkened for thin lines on white.
"""

from __future__ import annotations

LIGHT = {
    "ground": "#ffffff",
    "panel": "#f5f6f4",
    "ink": "#1c2321",
    "soft": "#5b6662",
    "faint": "#b9c1bd",
    "grid": "#e4e8e5",
    "accent": "#0b6e63",
    "wash": "#d5ebe6",
    "good": "#0b6e63",
    "bad": "#b3401e",
    "added": "#1a7f37",
    "removed": "#c0262d",
    "changed": "#2b65b0",
    "first": "#7a4fb5",
    "second": "#c05a00",
    "series-1": "#0b6e63",
    "series-2": "#d3680a",
    "series-3": "#2b65b0",
    "series-4": "#a3427f",
    "series-5": "#8a7500",
    "series-6": "#5f6a72",
}
DARK = {
    "ground": "#141917",
    "panel": "#1d2421",
    "ink": "#e9eeeb",
    "soft": "#a3afaa",
    "faint": "#56615c",
    "grid": "#2b3430",
    "accent": "#4cc5b0",
    "wash": "#1f3f39",
    "good": "#4cc5b0",
    "bad": "#f0906a",
    "added": "#57c767",
    "removed": "#ff8a80",
    "changed": "#7fb2f5",
    "first": "#c3a2f2",
    "second": "#f2a04c",
    "series-1": "#4cc5b0",
    "series-2": "#f2a04c",
    "series-3": "#7fb2f5",
    "series-4": "#e192c3",
    "series-5": "#d8c34a",
    "series-6": "#a9b4bb",
}


def css_rules() -> str:
    """The roles as style rules: variables for both grounds, and a class to fill and one to stroke with each."""
    light, dark = _variables(LIGHT), _variables(DARK)
    classes = "".join(f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}" for name in LIGHT)
    lines = "polyline{fill:none;stroke-linejoin:round;stroke-linecap:round}"
    screen = f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f":root{{{light}}}{screen}{classes}{lines}.both{{stroke-width:1.5}}"


def _variables(colors: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in colors.items())
