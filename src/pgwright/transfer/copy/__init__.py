"""Copy a database to another server: PostgreSQL's own programs bring the schema, workers the rows."""
