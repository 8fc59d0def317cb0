-- before
CREATE TYPE mood AS ENUM ('sad', 'glad', 'gone');
CREATE TABLE t (m mood DEFAULT 'glad', note text);
-- after
CREATE TYPE mood AS ENUM ('new', 'sad', 'happy');
CREATE TABLE t (m mood DEFAULT 'new', notes text);
CREATE TABLE u (m mood DEFAULT 'happy');
-- rename: public.mood.glad=happy
-- rename: public.t.note=notes
-- expect: hazards=replaces-enum
