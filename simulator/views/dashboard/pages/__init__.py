"""The pages of the dashboard: each draws itself from a batch and answers its own controls."""
