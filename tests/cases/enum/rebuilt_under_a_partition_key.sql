-- before
CREATE TYPE state AS ENUM ('open', 'closed', 'lost');
CREATE TABLE m (id integer NOT NULL, now state NOT NULL, past state[]) PARTITION BY LIST (now);
CREATE TABLE m_open PARTITION OF m FOR VALUES IN ('open', 'lost');
CREATE TABLE m_closed PARTITION OF m FOR VALUES IN ('closed');
CREATE TABLE other (now state);
-- after
CREATE TYPE state AS ENUM ('lost', 'open', 'closed');
CREATE TABLE m (id integer NOT NULL, now state NOT NULL, past state[]) PARTITION BY LIST (now);
CREATE TABLE m_open PARTITION OF m FOR VALUES IN ('open', 'lost');
CREATE TABLE m_closed PARTITION OF m FOR VALUES IN ('closed');
CREATE TABLE other (now state);
