"""`ingest`: from trackers' words to committed rows, with broker, database, fold and load on one machine."""
