"""Promises that must hold when the machine does not."""
