"""Built-in devices: one JSON file of measured costs each; data, no code."""
