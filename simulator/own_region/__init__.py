"""A region of one's own: an economy's folder from an input-output table and a template."""
