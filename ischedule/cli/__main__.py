"""`python -m ischedule.cli` is the command `ischedule` where no script is installed."""

from ischedule.cli.main import entry

entry()
