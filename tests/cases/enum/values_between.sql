-- before
CREATE TYPE n AS ENUM ('two', 'five');
-- after
CREATE TYPE n AS ENUM ('zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven');
