-- before
CREATE TABLE keys (id uuid);
-- after
CREATE EXTENSION "uuid-ossp";
CREATE TABLE keys (id uuid DEFAULT uuid_generate_v4());
