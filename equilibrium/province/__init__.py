"""A province on the equilibrium engine: accounts, production, trade, institutions, carbon, dynamics."""
