"""Ready-made cases, shipped with the package; data, no code."""
