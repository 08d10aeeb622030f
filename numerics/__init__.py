"""How loops over numbers are compiled: the floor under market and equilibrium."""
