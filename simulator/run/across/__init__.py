"""What crosses the border of a linked market: in an auction, in a period, in a year."""
