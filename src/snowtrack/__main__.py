"""`python -m snowtrack` is `snowtrack`."""

from snowtrack.cli import main

main()
