"""The carbon market: orders, venues, registry, allocation, compliance.

Everything is a whole number: prices in ticks, quantities in lots, allowances in registry units, cash in
tick x unit. The room knows arrays only, no scenario file, no agent and no economy.
"""

from __future__ import annotations
