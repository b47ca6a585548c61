"""The GPS receiver: what it makes of the truth, and what its serial line makes of that."""
