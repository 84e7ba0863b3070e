"""`ischedule schema`: the JSON Schema of a case file, as the loader applies it."""

import argparse
import sys


def configure(parser: argparse.ArgumentParser) -> None:
    """The schema takes no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    from ischedule.models.schema import schema_text

    sys.stdout.write(schema_text())
    return 0
