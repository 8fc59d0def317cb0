-- Publications of the database, without those by which pgwright keeps a copy up to date.
-- since: 18
-- columns: oid, name, all_tables, insert, update, delete, truncate, via_root, generated_columns
SELECT p.oid,
       p.pubname AS name,
       p.puballtables AS all_tables,
       p.pubinsert AS insert,
       p.pubupdate AS update,
       p.pubdelete AS delete,
       p.pubtruncate AS truncate,
       p.pubviaroot AS via_root,
       p.pubgencols::text AS generated_columns
FROM pg_publication AS p
WHERE p.pubname !~ '^pgwright_copy_'
ORDER BY p.oid
