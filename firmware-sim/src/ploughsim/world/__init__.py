"""The truth: a snow night over a road network, a function of seed, network and start."""
