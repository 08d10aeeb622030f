"""Firms: a population of arrays, what its firms need at a price, how they bid, and their Mesa face."""

from __future__ import annotations
