"""What a backup holds, and what a database holds, to be compared with each other."""
