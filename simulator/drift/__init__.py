"""The flow between two market periods: price, emission rates and output in continuous time.

``dr/dt = -K r + b(season) + s tanh(f(r, season, bank, coverage, cap, compliance))``, where ``r`` is the
distance of the state from the equilibrium-only path. ``K`` and ``b`` of the price come from price history,
everything else from the simulator's own trajectories: the network emulates the simulator, it is no evidence
about the real market.

Only `simulator.drift.network` and `simulator.drift.train` import torch.
"""
