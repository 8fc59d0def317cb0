"""What a database is like right now: sizes, use, sessions, locks, settings; read, never changed."""
