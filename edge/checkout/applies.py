"""Hooks of this app; found by name."""

from edge.checkout import (
    keep,  # noqa: F401  an acked order is marked first,
    live,  # noqa: F401  then its page is told
)
