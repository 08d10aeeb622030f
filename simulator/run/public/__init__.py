"""What government does in a run: what it sells and withholds, and what it takes as a tax."""
