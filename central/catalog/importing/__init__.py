"""Goods out of a file: read it, tell its columns apart, make goods of its rows, lay them over the catalogue.

`reading` bytes → records; `columns` records → which column is what; `rows` records → goods; `pictures` files by sku;
`run` all of it in one transaction, and the counts.
"""
