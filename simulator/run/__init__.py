"""One run: the world it happens in, its periods phase by phase, the rules that are applied in it."""
