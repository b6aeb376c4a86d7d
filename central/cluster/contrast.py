"""Whether a site's colour can be seen where the desk paints it. Pure arithmetic of WCAG 2.2.

A badge is a dot of the colour beside the label; the label's own background is only tinted, so the dot decides. In the
dark theme the desk brightens every dot, so a colour fails by being too pale for the light one.
"""

from __future__ import annotations

#: what a mark needs against its ground (WCAG 1.4.11)
ENOUGH = 3.0

#: the card's ground and the share of the colour in a dot, the rest being white: as `ui/static/ui/desk.css` has them
LIGHT = ("#ffffff", 1.0)
DARK = ("#181e29", 0.55)


def is_seen(colour: str) -> bool:
    """Whether a dot of `colour` ("#rrggbb") stands out in both themes."""
    return all(ratio(_mixed(colour, share), ground) >= ENOUGH for ground, share in (LIGHT, DARK))


def ratio(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, from 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _parts(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def _mixed(colour: str, share: float) -> str:
    return "#" + "".join(f"{round(255 * (part * share + 1 - share)):02x}" for part in _parts(colour))


def _luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
