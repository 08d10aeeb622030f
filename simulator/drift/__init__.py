"""The flow between two market periods: price, emission rates and output in continuous time.

``dr/dt = -K r + b(season) + s tanh(f(r, season, market))``, where ``r`` is the distance of the state from the
equilibrium-only path and the market is its bank, coverage, cap, compliance date, the announced slope of that path, how
far technique and expectations lag behind the price, and the balance of allowances. ``K`` and ``b`` of the price come
from price history, everything else from the simulator's own trajectories: the network emulates the simulator, it is no
evidence about the real market. Within a year the reference of emissions and output stands still: capital and
productivity step at New Year, and a step is a jump, not a flow.

Only `tanshi.simulator.drift.network`, `tanshi.simulator.drift.train` and `tanshi.simulator.drift.recovery` import
torch; none of them is
imported in a run.
"""
