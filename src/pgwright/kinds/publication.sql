-- Publications of the database.
-- since: 12
-- columns: oid, name, all_tables, insert, update, delete, truncate, via_root, generated_columns
SELECT p.oid,
       p.pubname AS name,
       p.puballtables AS all_tables,
       p.pubinsert AS insert,
       p.pubupdate AS update,
       p.pubdelete AS delete,
       p.pubtruncate AS truncate,
       false AS via_root,
       'n'::text AS generated_columns
FROM pg_publication AS p
ORDER BY p.oid
