"""The registry as files: which tables there are, how they are read, checked, compared and written."""
