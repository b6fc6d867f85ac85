"""The made-up Vladimir pilot with a known uplift, entered through the same operations as real input."""
