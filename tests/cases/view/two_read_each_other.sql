-- before
CREATE TABLE k (id int);
CREATE VIEW stays WITH (security_barrier) AS SELECT id FROM k;
-- after
CREATE TABLE k (id bigint);
CREATE VIEW stays AS SELECT id FROM k;
CREATE VIEW "One" AS SELECT NULL::bigint AS id;
CREATE VIEW other AS SELECT id FROM "One" JOIN stays USING (id);
CREATE OR REPLACE VIEW "One" WITH (security_barrier) AS SELECT id FROM other UNION SELECT id FROM k;
CREATE OR REPLACE VIEW stays AS SELECT id FROM k WHERE id IN (SELECT id FROM other);
COMMENT ON VIEW "One" IS 'one';
CREATE VIEW both_of_them AS SELECT * FROM "One" JOIN other USING (id);
