"""Flask: pages and their forms; each page reads its input, calls one operation and chooses a template."""
