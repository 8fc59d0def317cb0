-- Whether noon is noon in Oslo or in Tokyo, nobody but the session's time zone says.
-- expect: hazards=depends-on-session,rewrites
-- before
CREATE TABLE t (at timestamp, day date);
-- after
CREATE TABLE t (at timestamptz, day timestamptz);
