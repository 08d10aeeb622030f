"""Computable general equilibrium: the engine, and the province model written on it."""
