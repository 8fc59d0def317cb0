-- Values go from domain to domain as they are and come back; only a domain that demands something looks at them.
-- expect: hazards=rewrites,may-fail
-- before
CREATE DOMAIN moment AS timestamptz DEFAULT now();
CREATE DOMAIN key AS text CHECK (value <> '');
CREATE DOMAIN other_key AS text CHECK (length(value) < 40);
CREATE TABLE t (a text, b key, c timestamptz, d moment, e key);
-- after
CREATE DOMAIN moment AS timestamptz DEFAULT now();
CREATE DOMAIN key AS text CHECK (value <> '');
CREATE DOMAIN other_key AS text CHECK (length(value) < 40);
CREATE TABLE t (a key, b text, c moment, d timestamptz, e other_key);
