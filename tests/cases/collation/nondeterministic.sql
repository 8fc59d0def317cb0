-- before
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2');
-- after
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
