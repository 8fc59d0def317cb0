-- An index by its table and name as a statement spells them: is it whole, and is somebody building it now?
-- Without a name: those that the server has named since the index `newest` (text of its oid) was the newest.
-- since: 12
-- columns: schema, name, is_valid, is_being_built
-- parameter: table_name, index_name, newest
SELECT n.nspname::text AS schema, c.relname::text AS name, i.indisvalid AND i.indisready AS is_valid,
       EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p
               WHERE p.index_relid = c.oid AND p.pid <> pg_backend_pid()) AS is_being_built
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE i.indrelid = to_regclass(%(table_name)s::text)
  AND (c.relname = (SELECT parts[cardinality(parts)] FROM parse_ident(%(index_name)s::text) AS parts)
       OR (%(index_name)s::text IS NULL AND i.indexrelid > %(newest)s::text::oid AND c.relname ~ '_idx[0-9]*$'))
