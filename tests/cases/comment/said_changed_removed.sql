-- before
CREATE TABLE a (id int);
CREATE TABLE b (id int);
CREATE TABLE c (id int);
COMMENT ON TABLE b IS 'was';
COMMENT ON TABLE c IS 'goes';
-- after
CREATE TABLE a (id int);
CREATE TABLE b (id int);
CREATE TABLE c (id int);
COMMENT ON TABLE a IS 'fresh';
COMMENT ON TABLE b IS 'is';
-- expect: locks=SHARE UPDATE EXCLUSIVE on table public.a
