"""Scenarios and economies as files: their schema, their reading and their errors."""
