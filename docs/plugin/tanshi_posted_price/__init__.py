"""Rules for Tanshi from outside: a venue, a strategy and a drift."""
