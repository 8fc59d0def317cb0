-- before
CREATE TABLE bookings (room int, during tsrange);
-- after
CREATE EXTENSION btree_gist;
CREATE TABLE bookings (room int, during tsrange,
    CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&));
