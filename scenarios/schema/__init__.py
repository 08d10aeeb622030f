"""What a scenario may say: every field with its unit, default, bounds, meaning and status.

Values are frozen, unknown fields are refused and types are strict (the text "600" is no number). The line
under a field is its description, shown by ``tanshi params``. Status words: ``law`` (follows a rule in
force), ``measured`` (from data), ``literature`` (from published work), ``assumed`` (chosen here: vary it
before relying on it), ``calibrated`` (fitted to stated targets), ``setting`` (describes the run, not the world).
"""

from tanshi.scenarios.containment import StabilityReserve
from tanshi.scenarios.schema.allocation import CLASSES_OF_PLANT, Allocation, Benchmarks
from tanshi.scenarios.schema.calendar import Compliance
from tanshi.scenarios.schema.compliance import Banking, Penalty
from tanshi.scenarios.schema.coupling import Coupling, Drift
from tanshi.scenarios.schema.coverage import Coverage, SectorCoverage
from tanshi.scenarios.schema.economy import Closure, Dynamics
from tanshi.scenarios.schema.firms import Firms, Strategies
from tanshi.scenarios.schema.market import Market, OwnVenue, Price
from tanshi.scenarios.schema.offsets import Offsets
from tanshi.scenarios.schema.scenario import Scenario, Years
from tanshi.scenarios.schema.shocks import Shock, Shocks

__all__ = [
    "CLASSES_OF_PLANT", "Allocation", "Banking", "Benchmarks", "Closure", "Compliance", "Coupling",
    "Coverage", "Drift", "Dynamics", "Firms", "Market", "Offsets", "OwnVenue", "Penalty", "Price", "Scenario",
    "SectorCoverage", "Shock", "Shocks", "StabilityReserve", "Strategies", "Years",
]  # fmt: skip
