"""Units that rooms agree on."""

TONNES = 1e6
"""Tonnes in one Mt."""
