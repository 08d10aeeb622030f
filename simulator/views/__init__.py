"""What people see of a batch: figures, a table, plain words, a report."""
