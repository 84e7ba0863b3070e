"""A simulator of boards and runtimes, independent of the analysis, so that it can refute what that claims."""
