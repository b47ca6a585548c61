"""The nouns of snowtrack: frozen values and columnar batches, with no behaviour of any stage.

Everything imports this package; it imports nothing of snowtrack.
"""
