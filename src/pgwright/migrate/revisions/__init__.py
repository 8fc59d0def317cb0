"""The revisions of a project, read from their files."""
