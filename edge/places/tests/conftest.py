"""An edge as the tests of pages have it."""

from edge.pages.tests.conftest import db_of_edge, edge

__all__ = ["db_of_edge", "edge"]
