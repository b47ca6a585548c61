"""Brokers that let each tracker be itself only: certificates, and who may do what."""
