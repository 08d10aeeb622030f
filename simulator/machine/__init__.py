"""What the machine is asked for: threads, memory, files, progress."""
