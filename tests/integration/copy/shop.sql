CREATE EXTENSION hstore;
CREATE SCHEMA "Shop ""1""";
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b mood);
CREATE TABLE owners (id int GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY, name text UNIQUE);
INSERT INTO owners (name) SELECT 'o' || g FROM generate_series(1, 500) g;
CREATE TABLE things (
    id serial PRIMARY KEY, owner int NOT NULL REFERENCES owners, feeling mood, moods mood[], "both" pair, kv hstore,
    doc jsonb, raw bytea, big numeric, at timestamptz, f8 float8, r int4range, net inet, kind regtype,
    double int GENERATED ALWAYS AS (owner * 2) STORED, CHECK (owner > 0));
INSERT INTO things (owner, feeling, moods, "both", kv, doc, raw, big, at, f8, r, net, kind)
SELECT 100 + g % 500, 'ok', '{sad,ok}', ROW(g, 'sad'::mood)::pair, 'a=>1', '{"x": "\"\\\n"}', decode(md5(g::text), 'hex'),
    g / 7.0, timestamptz '2020-01-01 00:00+00' + g * interval '1 hour', 'NaN', int4range(1, g + 1), '::1', 'text'
FROM generate_series(1, 3000) g;
CREATE INDEX ON things (owner) WHERE feeling = 'ok'; CREATE INDEX big ON things ((big * 2));
ALTER TABLE things CLUSTER ON things_pkey; ALTER TABLE owners ADD favourite int REFERENCES things;
COMMENT ON INDEX big IS 'it''s -- TOC entry 1; not';
CREATE TABLE "Shop ""1""".readings (at timestamptz NOT NULL, v text, PRIMARY KEY (at)) PARTITION BY RANGE (at);
CREATE TABLE "Shop ""1""".r1 PARTITION OF "Shop ""1""".readings FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE "Shop ""1""".r2 PARTITION OF "Shop ""1""".readings DEFAULT;
CREATE INDEX ON "Shop ""1""".readings (v);
INSERT INTO "Shop ""1""".readings SELECT timestamptz '2020-12-01' + g * interval '1 hour', E'tab\t\\N\n' || g
FROM generate_series(1, 2000) g;
CREATE TABLE parent (id int); CREATE TABLE child (extra text) INHERITS (parent);
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 'x');
CREATE UNLOGGED TABLE notes (t text); INSERT INTO notes VALUES (repeat('x', 3000000)), (NULL), ('');
CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE dropped (a int, gone int, "B c" text); ALTER TABLE dropped DROP gone;
INSERT INTO dropped VALUES (1, 'x'), (NULL, NULL);
CREATE VIEW sad AS SELECT id FROM things WHERE feeling = 'sad';
CREATE MATERIALIZED VIEW counts AS SELECT owner, count(*) AS n FROM things GROUP BY 1;
CREATE MATERIALIZED VIEW total AS SELECT sum(n) FROM counts; CREATE INDEX ON counts (n);
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$
--
-- TOC entry 1 (class 1 OID 1)
BEGIN RAISE 'a trigger ran'; END $$;
CREATE TRIGGER stop BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION stop();
CREATE RULE quiet AS ON INSERT TO dropped DO INSTEAD NOTHING;
ALTER TABLE dropped ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON dropped USING (a = 1);
ALTER TABLE dropped REPLICA IDENTITY FULL;
CREATE STATISTICS st ON owner, feeling FROM things;
CREATE PUBLICATION pub FOR TABLE owners;
CREATE SEQUENCE free; SELECT nextval('free'), nextval('free');
SELECT lo_from_bytea(4711, 'hello'); COMMENT ON LARGE OBJECT 4711 IS 'greeting';
GRANT SELECT ON things TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
COMMENT ON TABLE things IS 'all; of "them"';
