"""What moves a province's market from outside: common shocks, beside the firms' own.

`series` (monthly figures), `estimate` (mean reversion, season, jumps, correlation, each with its interval), `process`
(the continuous-time state, drawn by name and seed so that all scenarios meet the same weather).
"""
