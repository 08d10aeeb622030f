"""Facts that any economy may need, each with its source: prices of years, rates of currencies."""
