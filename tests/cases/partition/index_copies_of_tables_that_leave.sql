-- before
create table p (a int, b int) partition by range (a);
create table p0 partition of p for values from (0) to (100) partition by range (a);
create table p00 partition of p0 for values from (0) to (50);
create table p01 partition of p0 for values from (50) to (100);
create index i on p (a);
create index i0 on only p0 (a);
create index i00 on p00 (a);
alter index i0 attach partition i00;
create index j on p0 (b);
create index k on p (b);
-- after
create table p (a int, b int) partition by range (a);
create table p0 (a int, b int) partition by range (a);
create table p00 (a int, b int);
create table p01 partition of p0 for values from (50) to (100);
create index i0 on p0 (a);
