"""Pages: a report, a folder of results."""
