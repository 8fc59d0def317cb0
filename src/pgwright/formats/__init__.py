"""Read and write rows in the formats that people keep them in, without knowing the database.

Between a file and PostgreSQL rows travel as the text of its CSV: readers turn a file into records of that,
writers turn COPY's output into a file. What a value means is left to PostgreSQL itself.
"""
