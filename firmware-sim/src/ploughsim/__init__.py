"""Simulated snow ploughs with GPS trackers that speak the device protocol."""
