"""The tracker: small state machines without clock, network or disk, as they would run on a microcontroller."""
