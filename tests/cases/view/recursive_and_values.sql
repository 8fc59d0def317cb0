-- before
CREATE VIEW public.vals AS VALUES (1, 'a'), (2, 'b');
-- after
CREATE RECURSIVE VIEW public.numbers (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10;
CREATE VIEW public.vals (id, label) AS VALUES (1, 'a'), (2, 'b'), (3, 'c');
