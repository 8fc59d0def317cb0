-- since: 18
-- before
CREATE TABLE public.t (
    a int CONSTRAINT must NOT NULL,
    b int NOT NULL,
    c int CONSTRAINT kept NOT NULL,
    d int,
    e int CONSTRAINT gone NOT NULL,
    f int CONSTRAINT loose NOT NULL
);
COMMENT ON CONSTRAINT must ON public.t IS 'a must';
COMMENT ON CONSTRAINT gone ON public.t IS 'soon';
-- after
CREATE TABLE public.t (
    a int CONSTRAINT has_to NOT NULL,
    b int CONSTRAINT b_is_there NOT NULL,
    c int CONSTRAINT kept NOT NULL,
    d int CONSTRAINT d_too NOT NULL,
    e int,
    f int NOT NULL,
    g int CONSTRAINT g_new NOT NULL,
    h int CONSTRAINT h_new NOT NULL DEFAULT 1
);
COMMENT ON CONSTRAINT has_to ON public.t IS 'a must';
COMMENT ON CONSTRAINT d_too ON public.t IS 'as well';
COMMENT ON CONSTRAINT t_f_not_null ON public.t IS 'by its own name';
