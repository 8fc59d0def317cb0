-- Foreign keys and enabled triggers of tables, with the statements that take them off and put them back.
-- since: 12
-- columns: off, back
WITH chosen AS (
    SELECT c.oid
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN jsonb_array_elements(to_jsonb(%(tables)s::text[])) pair ON true
    WHERE n.nspname = pair ->> 0 AND c.relname = pair ->> 1
)
SELECT
    format('ALTER TABLE %%s DROP CONSTRAINT %%I;', k.conrelid::regclass, k.conname) AS off,
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s;', k.conrelid::regclass, k.conname,
        pg_catalog.pg_get_constraintdef(k.oid)) AS back
FROM pg_catalog.pg_constraint k
JOIN chosen ON chosen.oid = k.conrelid
WHERE k.contype = 'f' AND k.conparentid = 0
UNION ALL
SELECT
    format('ALTER TABLE %%s DISABLE TRIGGER %%I;', t.tgrelid::regclass, t.tgname),
    format('ALTER TABLE %%s ENABLE %%sTRIGGER %%I;', t.tgrelid::regclass,
        CASE t.tgenabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END, t.tgname)
FROM pg_catalog.pg_trigger t
JOIN chosen ON chosen.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
