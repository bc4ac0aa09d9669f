"""`python -m market.cli` is the same command line."""

from market.cli import main

main()
