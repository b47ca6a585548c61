"""Whose fix, and at which instant: identity (`identity`) and trust in clocks (`clock`)."""
