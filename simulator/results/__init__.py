"""What a run leaves: tables, variables, their files and their identity."""
