"""Pure views of the network as vector tiles: `mvt` encodes, `layers` chooses what a tile shows."""
