"""Files of rows brought in: their columns, what is wrong with them, what they add; one module a kind."""
