-- since: 17
-- before
-- after
CREATE COLLATION own (provider = builtin, locale = 'C.UTF-8');
