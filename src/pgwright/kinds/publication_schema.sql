-- Schemas that publications name; PostgreSQL before 15 has no such thing, so there are no rows.
-- since: 12
-- columns: oid, publication, namespace
SELECT 0::oid AS oid,
       0::oid AS publication,
       0::oid AS namespace
WHERE false AND %(schemas)s::text[] IS NOT NULL
