"""What search engines read of a shop: heads of pages, breadcrumbs, robots.txt, the map of a site.

Plain functions over documents, no database: an edge serves what they make, central shows it before it is switched on.
"""
