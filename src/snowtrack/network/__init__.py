"""Roads as immutable arrays (`arrays`); from a point to the places near it (`cells`, `places`); ways between them
(`reach`)."""
