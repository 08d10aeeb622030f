"""The pages of the two papers, claim by claim."""
