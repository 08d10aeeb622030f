"""Scenario files of regimes that are compared at one cut of emissions."""
