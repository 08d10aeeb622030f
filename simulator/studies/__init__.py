"""Studies: many runs, and what is learned from them."""
