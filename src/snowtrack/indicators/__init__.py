"""What clearing comes to: how far each route is now, and the indicators (指標) of a season, from stored facts alone."""
