"""What the economy is held against: points to mend, with what would count as mended, and observed years."""
