"""What the law gives and asks: from a rule and a firm's figures to allowances, obligation and margin.

from tanshi.market.law import Rule, china

Rule("band", benchmark=1.8, slope=0.15, surplus=0.03, deficit=0.03).entitle(emissions=900, output=520)
china.firm(2024, [china.Unit("coal_I", generated=2e6, heat=1e6, load=0.7, verified=1.7e6)])
"""

from __future__ import annotations

import tanshi.market.law.china as china
from tanshi.market.law.entitlement import METHODS, Entitlement, Margin, Rule, RuleError, balanced

__all__ = ["METHODS", "Entitlement", "Margin", "Rule", "RuleError", "balanced", "china"]
