"""Roads as immutable arrays (`arrays`), and from a place to the segments near it (`cells`, `geometry`)."""
