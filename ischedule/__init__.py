"""Certified schedules for neural networks on batteryless, intermittently powered microcontrollers."""

__version__ = "0.1.0"
