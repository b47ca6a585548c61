"""Faults, as a suite that anyone can run (`python -m tests.faults`): docs/faults.md says what each does and means."""
