-- before
CREATE TABLE a (r int, c int, d varchar(5), e timestamptz, f numeric(10, 2), g text[]);
CREATE TABLE b (r int);
-- after
CREATE TABLE a (r int, c int, d varchar(5), e timestamptz, f numeric(10, 2), g text[]);
CREATE TABLE b (r int);
CREATE VIEW v AS SELECT r, c, d, e, f, g FROM (
    SELECT r, c, d, e, f, g FROM a UNION ALL SELECT r, NULL, 'x', '2024-01-01', NULL, '{a}' FROM b) AS q;
CREATE VIEW named AS SELECT r, NULL::integer AS int4, r + '1'::integer AS "text", ', NULL::integer AS int4' AS u FROM b;
CREATE VIEW looked_up AS SELECT r FROM b WHERE 'x' IN (SELECT 'y' FROM a UNION SELECT 'z');
