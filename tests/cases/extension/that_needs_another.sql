-- before
-- after
CREATE EXTENSION earthdistance CASCADE;
