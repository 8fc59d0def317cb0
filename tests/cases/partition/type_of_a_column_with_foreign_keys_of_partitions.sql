-- before
CREATE TABLE customer (id int PRIMARY KEY);
CREATE TABLE payment (customer_id smallint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE payment_old PARTITION OF payment (FOREIGN KEY (customer_id) REFERENCES customer)
    FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
-- after
CREATE TABLE customer (id int PRIMARY KEY);
CREATE TABLE payment (customer_id int, at date NOT NULL) PARTITION BY RANGE (at);
