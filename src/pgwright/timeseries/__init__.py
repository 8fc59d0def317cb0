"""Tables that grow with time: declared once, kept by PostgreSQL with pgwright or by TimescaleDB."""
