"""What a plan guarantees: the independent checker, bounds and explanations."""
