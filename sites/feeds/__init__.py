"""Feeds of goods for marketplaces and price comparisons: which goods, which elements, written a piece at a time.

Plain functions over documents: an edge serves what they write, central previews it.
"""
