-- expect: hazards=breaks-code
-- before
CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int);
CREATE AGGREGATE public.rows(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
-- after
