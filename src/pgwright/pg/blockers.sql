-- Sessions that one session waits for, directly and through others; roots last.
-- since: 12
-- columns: pid, user, application, state, seconds, query, depth, is_root
-- parameter: pid
with recursive chain(pid, depth) as (
    select unnest(pg_catalog.pg_blocking_pids(%(pid)s)), 1
    union
    -- a deadlock is a circle until the server ends it: the limit ends this query before
    select blocker, depth + 1
    from chain, unnest(pg_catalog.pg_blocking_pids(chain.pid)) as blocker
    where depth < 20
),
nearest as (
    -- pid 0 stands for a prepared transaction
    select pid, min(depth) as depth from chain where pid <> %(pid)s group by pid
)
select
    nearest.pid,
    activity.usename::text as "user",
    coalesce(activity.application_name, '') as application,
    case when nearest.pid = 0 then 'prepared transaction' else activity.state end as state,
    coalesce(
        extract(epoch from clock_timestamp() - coalesce(activity.state_change, activity.backend_start)), 0
    )::float8 as seconds,
    coalesce(left(activity.query, 500), '') as query,
    nearest.depth,
    cardinality(pg_catalog.pg_blocking_pids(nearest.pid)) = 0 as is_root
from nearest
left join pg_catalog.pg_stat_activity activity on activity.pid = nearest.pid
order by is_root, nearest.depth, nearest.pid
