"""Sweeps: the design, the runs, what can be learnt from them."""
