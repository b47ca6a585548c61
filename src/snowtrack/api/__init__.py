"""HTTP: one file per resource, ten-line routes: read the request, call one reader, encode."""
