"""How well an engine read a night: its database and its API held against the truth."""
