-- before
CREATE DOMAIN old AS text;
-- after
CREATE DOMAIN "Fresh One" AS varchar(20) COLLATE "C" DEFAULT 'it''s' NOT NULL
    CONSTRAINT "Not Empty" CHECK (VALUE <> '') CONSTRAINT short CHECK (length(VALUE) < 10);
