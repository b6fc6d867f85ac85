"""`python -m pilot_eval` is the `pilot-eval` command."""

from pilot_eval.cli import main

main()
