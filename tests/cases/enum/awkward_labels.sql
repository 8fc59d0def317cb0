-- before
CREATE TYPE "Mood Of Day" AS ENUM ('it''s fine', 'back\slash');
-- after
CREATE TYPE "Mood Of Day" AS ENUM ('before', 'it''s fine', 'new
line', 'back\slash', '{}', '');
-- expect: reversible=yes
