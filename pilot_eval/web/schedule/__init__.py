"""The plan of visits as head office makes it: who visits which branch when."""
