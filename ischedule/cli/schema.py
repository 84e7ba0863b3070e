"""`ischedule schema`: the JSON Schema of a case file, as the loader applies it."""

import argparse
import importlib.resources
import sys


def configure(parser: argparse.ArgumentParser) -> None:
    """The schema takes no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    schema = importlib.resources.files("ischedule.models").joinpath("case.schema.json")
    sys.stdout.write(schema.read_text("utf-8"))
    return 0
