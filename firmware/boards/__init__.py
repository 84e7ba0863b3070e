"""Boards under emulation: firmware is built for one, run there, and its power fails where a test says."""
