"""Composition roots: each service puts the parts together and runs until it is told to stop."""
