"""The database: embedded, plain PostgreSQL or TimescaleDB. All SQL stands in `sql/`, one module per kind of row."""
