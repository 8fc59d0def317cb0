"""The GRANT that a "permission denied" asks for."""

from __future__ import annotations

import re

from pgwright.pg.quoting import Name, render

# What a statement's first word needs on a table.
_TABLE_PRIVILEGES = {
    "SELECT": "SELECT",
    "COPY": "SELECT, INSERT",
    "INSERT": "INSERT",
    "UPDATE": "SELECT, UPDATE",
    "DELETE": "SELECT, DELETE",
    "MERGE": "SELECT, INSERT, UPDATE, DELETE",
    "TRUNCATE": "TRUNCATE",
    "LOCK": "UPDATE",
    "CREATE": "REFERENCES, TRIGGER",
    "ALTER": "REFERENCES",
    "REFRESH": "MAINTAIN",
    "VACUUM": "MAINTAIN",
    "ANALYZE": "MAINTAIN",
}

# The server names the kind in its message; the privilege follows from it.
_OBJECTS = {
    "schema": ("USAGE", "SCHEMA"),
    "database": ("CREATE", "DATABASE"),
    "sequence": ("USAGE", "SEQUENCE"),
    "function": ("EXECUTE", "FUNCTION"),
    "procedure": ("EXECUTE", "PROCEDURE"),
    "type": ("USAGE", "TYPE"),
    "language": ("USAGE", "LANGUAGE"),
    "tablespace": ("CREATE", "TABLESPACE"),
    "foreign server": ("USAGE", "FOREIGN SERVER"),
    "foreign-data wrapper": ("USAGE", "FOREIGN DATA WRAPPER"),
    "large object": ("SELECT, UPDATE", "LARGE OBJECT"),
}
_RELATIONS = ("table", "view", "materialized view", "relation", "foreign table", "partitioned table")

_OTHERS = (
    (
        r"must be owner of (?:[a-z]+ )*\"?([^\"]+)\"?$",
        "run this as the owner of {0}, or as the owner make {role} a member: GRANT <owner> TO {role}",
    ),
    (r"permission denied to create database", "as a superuser: ALTER ROLE {role} CREATEDB"),
    (r"permission denied to create role", "as a superuser: ALTER ROLE {role} CREATEROLE"),
    (
        r"permission denied to create extension \"([^\"]+)\"",
        'as a superuser, in this database: CREATE EXTENSION IF NOT EXISTS "{0}"',
    ),
    (
        r"must be superuser|pg_read_all_stats|pg_monitor",
        "run this as a superuser; for statistics alone: GRANT pg_monitor TO {role}",
    ),
)


def grant_for(said: str, sql: str, user: str | None) -> str | None:
    """Return the command that gives `user` what the server's message `said` it lacks for `sql`.

    None where the message names nothing that can be granted. `user` None leaves a placeholder.
    """
    role = render(Name(user)) if user else "<role>"
    word = sql.lstrip(" (\n\t").split(None, 1)[0].upper() if sql.strip() else ""
    if match := re.search(r"permission denied for ([a-z-]+(?: [a-z-]+)*?) \"?([^\"]+)\"?$", said):
        kind, name = match[1], _quoted(match[2])
        if kind in _RELATIONS:
            name = _with_schema(name, sql)
            privileges = _TABLE_PRIVILEGES.get(word, "SELECT")
            if word == "INSERT" and "ON CONFLICT" in sql:
                privileges = "SELECT, INSERT, UPDATE"
            return f"as the owner or a superuser: GRANT {privileges} ON {name} TO {role}"
        if kind in _OBJECTS:
            privileges, noun = _OBJECTS[kind]
            if kind == "schema" and word in ("CREATE", "ALTER"):
                privileges = "USAGE, CREATE"
            return f"as the owner or a superuser: GRANT {privileges} ON {noun} {name} TO {role}"
    for pattern, advice in _OTHERS:
        if match := re.search(pattern, said):
            return advice.format(*match.groups(), role=role)
    return None


def _with_schema(name: str, sql: str) -> str:
    """Return the name as the statement spells it: the server leaves the schema out of its message."""
    match = re.search(rf'((?:"[^"]+"|\w+)\.)"?{re.escape(name.strip(chr(34)))}\b', sql)
    return match[1] + name if match else name


def _quoted(name: str) -> str:
    return render(Name(*name.split(".")))
