"""The page of forest carbon sinks."""
