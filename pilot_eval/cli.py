"""`pilot-eval` commands."""

import click


@click.group()
def main() -> None:
    """Record branch visits and evaluate training pilots."""
