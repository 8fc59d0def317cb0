-- before
CREATE COLLATION old (provider = libc, locale = 'C');
-- after
CREATE COLLATION fresh (provider = libc, locale = 'POSIX');
