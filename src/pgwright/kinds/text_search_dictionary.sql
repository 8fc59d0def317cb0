-- Text search dictionaries of the given schemas, with their templates.
-- since: 12
-- columns: oid, schema, name, template, options
SELECT d.oid,
       n.nspname AS schema,
       d.dictname AS name,
       quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) AS template,
       d.dictinitoption AS options
FROM pg_ts_dict AS d
JOIN pg_namespace AS n ON n.oid = d.dictnamespace
JOIN pg_ts_template AS t ON t.oid = d.dicttemplate
JOIN pg_namespace AS tn ON tn.oid = t.tmplnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY d.oid
