-- before
CREATE TABLE docs (body text);
-- after
CREATE EXTENSION pg_trgm;
CREATE TABLE docs (body text);
CREATE INDEX docs_body ON docs USING gin (body gin_trgm_ops);
