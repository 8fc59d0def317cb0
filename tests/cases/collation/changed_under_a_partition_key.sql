-- before
CREATE COLLATION mine (provider = libc, locale = 'C');
CREATE TABLE m (name text COLLATE mine NOT NULL, a int) PARTITION BY LIST (name);
CREATE TABLE m_1 PARTITION OF m FOR VALUES IN ('a', 'b');
-- after
CREATE COLLATION mine (provider = libc, locale = 'POSIX');
CREATE TABLE m (name text COLLATE mine NOT NULL, a int) PARTITION BY LIST (name);
CREATE TABLE m_1 PARTITION OF m FOR VALUES IN ('a', 'b');
