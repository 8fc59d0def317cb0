"""The larger part of what tables, columns and partitions are changed by."""
