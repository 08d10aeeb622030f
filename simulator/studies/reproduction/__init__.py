"""The two papers claim by claim: claims, evidence, rules that judge, and how far the verdicts can be trusted."""
