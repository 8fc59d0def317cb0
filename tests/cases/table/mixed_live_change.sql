-- before
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name varchar(20),
    created_at timestamptz DEFAULT now()
);
CREATE SEQUENCE s1;
CREATE TABLE orders (
    id bigint PRIMARY KEY DEFAULT nextval('s1'),
    customer_id bigint REFERENCES customers,
    amount numeric(10,2) CHECK (amount > 0),
    day date NOT NULL
);
ALTER SEQUENCE s1 OWNED BY orders.id;
CREATE INDEX ON orders (customer_id);
CREATE VIEW big AS SELECT id, amount FROM orders WHERE amount > 100;
COMMENT ON VIEW big IS 'the big ones';
-- after
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name varchar(40) NOT NULL,
    created_at timestamptz DEFAULT now(),
    vip boolean NOT NULL DEFAULT false
);
CREATE SEQUENCE s1;
CREATE TABLE orders (
    id bigint PRIMARY KEY DEFAULT nextval('s1'),
    customer_id bigint REFERENCES customers ON DELETE CASCADE,
    amount numeric(12,3) CHECK (amount > 0),
    day date NOT NULL
);
ALTER SEQUENCE s1 OWNED BY orders.id;
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (day);
CREATE VIEW big AS SELECT id, amount FROM orders WHERE amount > 100;
COMMENT ON VIEW big IS 'the big ones';
CREATE TABLE extra (a integer PRIMARY KEY, b text NOT NULL DEFAULT 'x', CHECK (a > 1));
-- expect: hazards=rewrites; locks=ACCESS EXCLUSIVE on table public.orders
