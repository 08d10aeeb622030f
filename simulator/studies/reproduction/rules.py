"""All rules by name: importing this module enters them."""

from __future__ import annotations

from tanshi.simulator.studies.reproduction import (
    huo_design,
    huo_numbers,
    huo_orders,
    hybrid_rules,
    yang_costs,
    yang_policies,
    yang_tables,
)
from tanshi.simulator.studies.reproduction.verdicts import RULES

ROOMS = (huo_design, huo_numbers, huo_orders, hybrid_rules, yang_costs, yang_policies, yang_tables)
"""Where the rules stand."""

__all__ = ["ROOMS", "RULES"]
