"""The archive of the write-ahead log: filled, looked through, judged."""
