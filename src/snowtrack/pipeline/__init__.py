"""Composes the stages: `engine` runs them as fixes come, `replay` over the stored fixes of a stretch at once."""
