-- A transaction by its 32-bit id (null: the present one), if rows of the catalogs are still as it left them.
-- Not by pg_class: to add a column writes the table's row there, and to drop it again does not.
-- since: 12
-- columns: transaction
-- parameter: transaction
WITH asked AS (
    SELECT coalesce(%(transaction)s::text, mod(pg_catalog.txid_current(), 4294967296)::text) AS id
), made AS (
    SELECT xmin AS id FROM pg_catalog.pg_attribute
    UNION ALL SELECT xmin FROM pg_catalog.pg_attrdef
    UNION ALL SELECT xmin FROM pg_catalog.pg_constraint
    UNION ALL SELECT xmin FROM pg_catalog.pg_index
    UNION ALL SELECT xmin FROM pg_catalog.pg_type
    UNION ALL SELECT xmin FROM pg_catalog.pg_enum
    UNION ALL SELECT xmin FROM pg_catalog.pg_proc
    UNION ALL SELECT xmin FROM pg_catalog.pg_trigger
    UNION ALL SELECT xmin FROM pg_catalog.pg_policy
    UNION ALL SELECT xmin FROM pg_catalog.pg_rewrite
    UNION ALL SELECT xmin FROM pg_catalog.pg_namespace
)
SELECT asked.id AS transaction FROM asked WHERE EXISTS (SELECT FROM made WHERE made.id = asked.id::xid)
