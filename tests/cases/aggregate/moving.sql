-- before
CREATE AGGREGATE public.total(int) (SFUNC = int4pl, STYPE = int);
-- after
CREATE AGGREGATE public.total(int) (
    SFUNC = int4pl, STYPE = int,
    MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MSSPACE = 16, MINITCOND = '0'
);
