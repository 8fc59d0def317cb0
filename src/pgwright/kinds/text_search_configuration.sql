-- Text search configurations of the given schemas: one row for each kind of token that they look up, with
-- the dictionaries in the order in which they are asked.
-- since: 12
-- columns: oid, schema, name, parser, token, dictionaries
SELECT c.oid,
       n.nspname AS schema,
       c.cfgname AS name,
       quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) AS parser,
       k.alias AS token,
       m.dictionaries
FROM pg_ts_config AS c
JOIN pg_namespace AS n ON n.oid = c.cfgnamespace
JOIN pg_ts_parser AS p ON p.oid = c.cfgparser
JOIN pg_namespace AS pn ON pn.oid = p.prsnamespace
LEFT JOIN LATERAL (
    SELECT a.maptokentype,
           array_agg(quote_ident(dn.nspname) || '.' || quote_ident(d.dictname) ORDER BY a.mapseqno) AS dictionaries
    FROM pg_ts_config_map AS a
    JOIN pg_ts_dict AS d ON d.oid = a.mapdict
    JOIN pg_namespace AS dn ON dn.oid = d.dictnamespace
    WHERE a.mapcfg = c.oid
    GROUP BY a.maptokentype
) AS m ON true
LEFT JOIN LATERAL ts_token_type(c.cfgparser) AS k ON k.tokid = m.maptokentype
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY c.oid, m.maptokentype
