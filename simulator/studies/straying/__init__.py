"""What strays in a run, part by part, and why the mean over runs lies where it lies."""
