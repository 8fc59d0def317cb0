-- before
CREATE TYPE words AS RANGE (subtype = text);
-- after
CREATE TYPE words AS RANGE (subtype = text, collation = "C", subtype_opclass = text_pattern_ops);
