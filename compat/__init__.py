"""Published cost models reproduced exactly as published; nothing in the core knows of this room."""
