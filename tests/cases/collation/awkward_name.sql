-- before
-- after
CREATE SCHEMA "My Schema";
CREATE COLLATION "My Schema"."Select It" (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
