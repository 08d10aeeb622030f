"""The second paper's study: what firms would pay for forest carbon sinks."""
