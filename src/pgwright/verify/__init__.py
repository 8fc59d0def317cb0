"""Compare the contents of two databases, on the servers, down to the rows and columns that differ."""
