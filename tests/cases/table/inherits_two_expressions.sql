-- since: 17
-- before
CREATE TABLE p (id int, n int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE q (id int, n int GENERATED ALWAYS AS (id * 4) STORED);
-- after
CREATE TABLE p (id int, n int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE q (id int, n int GENERATED ALWAYS AS (id * 4) STORED);
CREATE TABLE c (n int GENERATED ALWAYS AS (id * 3) STORED) INHERITS (p, q);
