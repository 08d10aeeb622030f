"""Compliance as events: what falls due when, and how a run closes."""
