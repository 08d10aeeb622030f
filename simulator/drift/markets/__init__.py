"""What real carbon markets teach: how widely prices move, how that spread clusters, and how fat its tails are.

Nothing about direction: no forecast here has a drift. Rooms: `closes` (the prices), `memory` (what a market's past says
about the size of its next move), `spread` (from that memory to a spread: a pooled recursion, or the network g),
`likelihood`, `fit_recursion` and `fit_network` (fitted on all markets together by weekly likelihood), `paths` (the
stochastic differential equation simulated), `rivals`, and `forecast` (the equal mixture that is shipped).

Only `fit_network` imports torch, only `garch` imports arch; neither is imported in a run.
"""
