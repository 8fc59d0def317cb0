-- roles: case_publication_owner
-- before
CREATE PUBLICATION p;
-- after
CREATE PUBLICATION p;
ALTER PUBLICATION p OWNER TO case_publication_owner;
