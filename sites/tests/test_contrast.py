"""The colours of each theme, light and dark, against the figures of WCAG 2.2 AA."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sites

THEMES = Path(sites.__file__).parent / "themes"
#: (text, ground, least contrast): 4.5 for words, 3 for the borders of fields
PAIRS = [
    ("ink", "ground", 4.5),
    ("ink", "surface", 4.5),
    ("ink", "sunken", 4.5),
    ("ink-soft", "ground", 4.5),
    ("ink-soft", "surface", 4.5),
    ("ink-soft", "sunken", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("accent-ink", "ground", 4.5),
    ("bad", "ground", 4.5),
    ("ink", "bad-soft", 4.5),
    ("ink", "good-soft", 4.5),
    ("ink", "warn-soft", 4.5),
    ("line-strong", "surface", 3.0),
]


def variables(theme: str, is_dark: bool) -> dict[str, str]:
    css = (THEMES / theme / "theme.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\n\}", css, re.S)[:2]
    pairs = re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", light + (dark if is_dark else ""))
    return dict(pairs)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(sign * 2 for sign in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("theme", sorted(path.name for path in THEMES.iterdir() if path.is_dir()))
def test_words_can_be_read(theme, is_dark):
    colours = variables(theme, is_dark)

    for text, ground, least in PAIRS:
        lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= least, f"--{text} on --{ground}"
