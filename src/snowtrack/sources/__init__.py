"""Where messages come in. Every source hands over deliveries and is told when they are committed."""
