"""What was worked, where, and by what evidence: settled matches to passes and activities (`stage`)."""
