"""Back up a database or a server, prove the backup, restore it, and recover to a moment.

Logical backups are archives of pg_dump, physical ones base backups and WAL; PostgreSQL's own programs
write and read them. What stands here is what they lack: a repository with manifests, encryption,
verification against what the snapshot held, and drills.
"""
