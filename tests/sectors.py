"""The sectors of the shipped economies' carbon market as tests expect them; where they stand in the drift's state."""

SECTORS = ("ELEC", "STEEL", "NFM", "NMM", "COKE", "CHEM", "PAPER", "AIR")
STATE_SIZE = 17
EMISSIONS, OUTPUT = slice(1, 9), slice(9, 17)
