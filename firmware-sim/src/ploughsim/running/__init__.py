"""How a night is run: in real time against a broker, or in columns into a file."""
