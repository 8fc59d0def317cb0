"""Where backups are kept, complete when their manifest is there: folders, locks, encryption, streams."""
