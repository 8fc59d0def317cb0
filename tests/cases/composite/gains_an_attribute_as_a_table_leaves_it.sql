-- before
CREATE TYPE ty AS (a int, b text);
CREATE TABLE t OF ty;
CREATE TABLE u OF ty;
-- after
CREATE TYPE ty AS (a int, b text, c date);
CREATE TABLE t OF ty;
CREATE TABLE u (a int, b text, c date);
