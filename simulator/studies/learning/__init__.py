"""The drift's training data, its training and its judgement."""
