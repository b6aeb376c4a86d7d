"""Pictures of the demo's goods, drawn by code: no photograph of anybody's, no licence to mind, a few kilobytes each.

`picture(motif, palette, seed)` returns the bytes of an SVG; the same arguments give the same bytes, so its hash, and
with it every document that names it, is the same on every machine.
"""

from central.setup.pictures.scene import PALETTES, Palette, picture

__all__ = ["PALETTES", "Palette", "picture"]
