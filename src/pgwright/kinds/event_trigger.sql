-- Event triggers whose function is in the given schemas, without those of extensions.
-- since: 12
-- columns: oid, name, event, tags, function, enabled
SELECT g.oid,
       g.evtname AS name,
       g.evtevent AS event,
       (SELECT array_agg(t ORDER BY t) FROM unnest(g.evttags) AS t) AS tags,
       quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS function,
       g.evtenabled::text AS enabled
FROM pg_event_trigger AS g
JOIN pg_proc AS p ON p.oid = g.evtfoid
JOIN pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN pg_depend AS e
       ON e.classid = 'pg_event_trigger'::regclass AND e.objid = g.oid AND e.deptype = 'e'
WHERE n.nspname = ANY (%(schemas)s)
  AND e.objid IS NULL
ORDER BY g.oid
