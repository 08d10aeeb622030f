"""Many runs: planned, computed on workers, kept in a folder, never computed twice."""
