"""The road network as the simulator knows it: read, made, written, and as a graph of lanes."""
