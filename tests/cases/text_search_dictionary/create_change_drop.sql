-- before
CREATE TEXT SEARCH DICTIONARY stays (TEMPLATE = snowball, Language = english, StopWords = english);
CREATE TEXT SEARCH DICTIONARY "it's gone" (TEMPLATE = simple);
CREATE TEXT SEARCH DICTIONARY other (TEMPLATE = simple, Accept = false);
-- after
CREATE TEXT SEARCH DICTIONARY stays (TEMPLATE = snowball, Language = german);
COMMENT ON TEXT SEARCH DICTIONARY stays IS 'German';
CREATE SCHEMA s;
CREATE TEXT SEARCH DICTIONARY s.new (TEMPLATE = simple, StopWords = english, Accept = false);
CREATE TEXT SEARCH DICTIONARY other (TEMPLATE = snowball, Language = english);
