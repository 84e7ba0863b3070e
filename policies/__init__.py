"""The policies of the literature as exact counts: what each runs, what it saves, and what a power loss costs it."""
