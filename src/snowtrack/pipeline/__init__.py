"""Composes the stages: `engine` runs them as fixes come, `replay` over all fixes of a device at once."""
