"""From a program to a plan and what its certificate needs."""
