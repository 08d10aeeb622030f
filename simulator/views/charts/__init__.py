"""Pictures, one module a subject."""
