"""Joins scenarios, market, firms and equilibrium into runs, studies and views."""
