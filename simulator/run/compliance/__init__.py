"""Compliance as events: what falls due when, what waits until then, and how a run closes."""
