"""What policy costs and whose: abatement cost of sectors, cuts of one size, what years yield, households by group."""
