"""The command line: renders results, decides nothing."""
