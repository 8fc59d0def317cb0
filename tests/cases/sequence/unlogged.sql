-- since: 15
-- before
CREATE SEQUENCE s;
-- after
CREATE UNLOGGED SEQUENCE s;
