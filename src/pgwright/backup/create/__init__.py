"""Make backups: dumps of databases, and the files of whole servers."""
