-- Which of some relations are missing, and which of some triggers are missing or switched off.
-- since: 12
-- columns: missing
SELECT name AS missing
FROM unnest(%(relations)s::text[]) AS name
WHERE pg_catalog.to_regclass(name) IS NULL
UNION ALL
SELECT format('trigger %%s on %%s', wanted.trigger, wanted.name)
FROM unnest(%(tables)s::text[], %(triggers)s::text[]) AS wanted(name, trigger)
WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_trigger AS g
    WHERE g.tgrelid = pg_catalog.to_regclass(wanted.name) AND g.tgname = wanted.trigger AND g.tgenabled <> 'D')
ORDER BY 1
