-- since: 14
-- roles: searcher
-- before
CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR asciiword, word WITH words, simple;
ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR url WITH simple;
CREATE TABLE t (id integer, body text);
CREATE INDEX t_body ON t USING gin (to_tsvector('c', body));
CREATE TEXT SEARCH CONFIGURATION gone (COPY = english);
-- after
CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = simple);
CREATE TEXT SEARCH DICTIONARY more (TEMPLATE = snowball, Language = english);
CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR asciiword WITH more, words;
ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word, numword WITH words, simple;
ALTER TEXT SEARCH CONFIGURATION c OWNER TO searcher;
CREATE TEXT SEARCH CONFIGURATION "New One" (COPY = c);
COMMENT ON TEXT SEARCH CONFIGURATION "New One" IS 'a copy';
CREATE TABLE t (id integer, body text, found tsvector GENERATED ALWAYS AS (to_tsvector('"New One"', body)) STORED);
CREATE INDEX t_body ON t USING gin (to_tsvector('c', body));
CREATE FUNCTION look(text) RETURNS tsquery LANGUAGE sql IMMUTABLE RETURN to_tsquery('c', $1);
