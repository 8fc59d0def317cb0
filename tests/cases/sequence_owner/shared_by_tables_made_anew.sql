-- before
CREATE TABLE r (id bigserial, a integer) PARTITION BY RANGE (a);
CREATE TABLE u (id bigint DEFAULT nextval('r_id_seq'), a integer) PARTITION BY RANGE (a);
CREATE TABLE v (id bigint DEFAULT nextval('r_id_seq'), a integer);
-- after
CREATE TABLE r (id int, a integer);
CREATE TABLE u (id int, a integer);
CREATE TABLE v (id bigint, a integer);
