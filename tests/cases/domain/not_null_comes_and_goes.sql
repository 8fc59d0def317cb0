-- before
CREATE DOMAIN a AS int NOT NULL;
CREATE DOMAIN b AS int;
CREATE TABLE t (a a, b b);
-- after
CREATE DOMAIN a AS int;
CREATE DOMAIN b AS int NOT NULL;
CREATE TABLE t (a a, b b);
-- expect: hazards=may-fail,locks-writers; locks=SHARE on table public.t
