"""What people do: each takes a session, an actor and a validated input, writes, logs, commits and returns."""
