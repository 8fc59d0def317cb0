-- before
CREATE TYPE pair AS (a int, b text);
-- after
CREATE TYPE pair AS (b text, c date);
