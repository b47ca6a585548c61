"""How fast the API serves: tiles, and live streams to many."""
