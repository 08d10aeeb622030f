"""Tables of statistical offices: read from any file, in any layout, unit and classification."""
