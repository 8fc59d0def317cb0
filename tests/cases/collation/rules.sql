-- since: 16
-- before
CREATE COLLATION own (provider = icu, locale = 'en', rules = '&a < g');
-- after
CREATE COLLATION own (provider = icu, locale = 'en', rules = '&a < h');
