"""Semantic mutants: small wrong changes of the product that its tests must notice."""
