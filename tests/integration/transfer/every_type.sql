CREATE TYPE mood AS ENUM ('sad', 'so so', 'it''s "fine"');
CREATE TYPE pair AS (a integer, "b c" text);
CREATE DOMAIN percent AS numeric(5,2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE "every ""type""" (
    id integer PRIMARY KEY,
    "a,b" text, "new
line" text, bool boolean, i2 smallint, i8 bigint, f4 real, f8 double precision, n numeric, n2 numeric(10,3),
    d date, t time, tz timetz, ts timestamp, tstz timestamptz, iv interval,
    c char(5), vc varchar(30), by bytea, j json, jb jsonb, u uuid, m mood, p pair, pc percent,
    ia integer[], ta text[], pa pair[], ma mood[], r int4range, tr tstzrange, inet inet, mac macaddr,
    bits bit varying, pt point, xm xml, tsv tsvector, money money,
    g integer GENERATED ALWAYS AS (id * 2) STORED
);
INSERT INTO "every ""type""" VALUES (1);
INSERT INTO "every ""type""" VALUES
(2, '', E'\\.', true, -32768, -9223372036854775808, 'NaN', '-Infinity', 'NaN', -1234567.891,
 '4713-01-01 BC', '24:00', '23:59:59+14', '0044-03-15 12:00 BC', 'infinity', '-1 year 2 mons 3 days 04:05:06.7',
 'a', ' x ', '\x00ff0d0a22', '{"a": 1.10, "a": [null, "\u0000"]}', '{"x": 1.10, "y": "\"q\""}',
 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'it''s "fine"', '(1,"x,""y""")', 99.5,
 '[0:1]={1,NULL}', '{"a,b","",NULL,"NULL","{x}","q\"uo\\te"}',
 ARRAY[ROW(1, 'a"b')::pair, NULL, ROW(NULL, '')::pair],
 '{sad,"so so"}', '[1,10)', '["2025-01-01 00:00+00",infinity)', '10.0.0.0/8', '08:00:2b:01:02:03', '101',
 '(1.5,-2)', '<a b="c">d</a>', '''a b'':1A c', '12.34'),
(3, E'quotes " '' and, commas;\ttabs\nnew\r\nlines ü 🙂', 'NULL', false, 32767, 9223372036854775807,
 1.1, 1e-300, 123456789012345678901234567890.123456789, 0, '9999-12-31', '00:00:00.000001', '00:00-12',
 '294276-12-31 23:59:59.999999', '1883-11-18 12:00:00.5+00', '0', '', '', '\x', '[1,
 2]', '[]', NULL, 'sad', '(,)', 0, '{{1,2},{3,4}}', '{}', '{}', NULL, 'empty', NULL, '::1/128', NULL, '', NULL,
 NULL, NULL, NULL)
