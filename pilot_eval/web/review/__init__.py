"""Pages on which visits are reviewed."""
