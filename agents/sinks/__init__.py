"""Forest carbon sinks: from firms' abatement cost to what they would pay for a tonne of sink, and to a bid.

The chain of the second paper: distance functions give each unit's marginal abatement cost (`distance`), its
range a bargaining price (`bargaining`), the prices a cloud (`cloud`), the policies their surfaces (`surfaces`);
`choice` says who buys, `supply` what the market needs. `survey` makes up data whose true prices are known, and
`comparison` puts all of it beside the print.

References
----------
Yang, H., Long, F., Zhu, Z., Pan, R. and Shen, Y. (2021): Demand price simulation of forest carbon sink of
enterprises based on offset mechanism. Journal of Zhejiang A&F University 38(1): 173-183 (in Chinese).
"""

from __future__ import annotations
