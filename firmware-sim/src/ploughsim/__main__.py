"""`python -m ploughsim` is the command `plough-sim`."""

from ploughsim.cli import main

main()
