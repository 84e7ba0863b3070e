"""From a plan to firmware: the C table of a plan, and the runtime, ports and build files that carry it out."""
