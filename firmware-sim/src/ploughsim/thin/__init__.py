"""The first simulator, until the parts beside this folder take over."""
