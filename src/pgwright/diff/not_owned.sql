-- Which of the given relations belong to a role of which the session's is no member: it may not alter them.
-- since: 12
-- columns: path, owner
SELECT n.nspname || '.' || c.relname AS path, pg_get_userbyid(c.relowner)::text AS owner
FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS w (schema, name)
JOIN pg_namespace AS n ON n.nspname = w.schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
WHERE NOT pg_has_role(c.relowner, 'USAGE')
ORDER BY path
