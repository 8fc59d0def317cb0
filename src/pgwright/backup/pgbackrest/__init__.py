"""Physical backups by pgBackRest, under the same commands."""
