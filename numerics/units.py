"""Units that rooms agree on."""

TONNES = 1e6
"""Tonnes in one Mt."""

MILLION = 1e6
"""Yuan in a million yuan."""
