"""Social accounting matrices: read from files of several kinds, and turned into a standard model."""

from tanshi.equilibrium.sam.standard import Accounts, standard_model
from tanshi.equilibrium.sam.table import read_sam

__all__ = ["Accounts", "read_sam", "standard_model"]
