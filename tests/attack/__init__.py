"""Attacks on the program: many cases of each kind, drawn from one seed, and what came of each."""
