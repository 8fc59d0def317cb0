"""A table that a rollup fills from now on may have rows that nothing else knows: a copy of them is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from pgwright.kinds.steps import name_of, step
from pgwright.kinds.timeseries.policy_records import PREPARE
from pgwright.kinds.timeseries.policy_records import relation as regclass
from pgwright.kinds.timeseries.rollup_names import kept_rows
from pgwright.model.plan import Hazard, HazardCode
from pgwright.pg.quoting import literal, qualified

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.kinds.timeseries.rollup_parts import RollupParts
    from pgwright.model.names import ObjectId
    from pgwright.model.plan import Step

# Where the rollup is only made whole again, the rows are its own. A copy that is there stays as it is.
_KEEP = """{prepare};
DO $pgwright$
DECLARE kept text := {kept};
BEGIN
FOR number IN 2 .. 1000 LOOP
    EXIT WHEN to_regclass(kept) IS NULL;
    kept := format('%I.%I', {schema}, left({name}, 58) || '_' || number);
END LOOP;
IF EXISTS (SELECT FROM {relation}) AND NOT EXISTS (
    SELECT FROM pgwright.policy AS p WHERE p.kind = 'rollup' AND p.name = {rollup} AND p.relation = {source}
) THEN
    EXECUTE format('CREATE TABLE %s AS TABLE %s', kept, {text});
END IF;
END $pgwright$"""


def rows_kept(id: ObjectId, made: RollupParts, context: Context) -> tuple[Step, ...]:
    """Return the step that copies the rows of a table before a rollup takes it over, none for a new table."""
    if context.is_new(made.relation) or id in context.before:
        return ()
    kept, relation = kept_rows(made.relation.name), name_of(made.relation)
    text = sql.SQL(_KEEP).format(
        kept=literal(qualified(kept).as_string()),
        schema=literal(kept.schema or ""),
        name=literal(kept.name),
        prepare=PREPARE,
        rollup=literal(id.name.name),
        source=regclass(made.source),
        relation=relation,
        text=literal(relation.as_string()),
    )
    message = (
        f"the first refresh deletes rows of {made.relation.path} that rows of {made.source.path} do not add "
        f"up to, unless they are known to be history; all that it has now is kept in {kept}"
    )
    hint = f"when the rollup is right (pgwright policy verify): DROP TABLE {qualified(kept).as_string()}"
    hazard = Hazard(code=HazardCode.IRREVERSIBLE, message=message, hint=hint)
    return (step(id, text, f"keep a copy of the rows of {made.relation.path}", hazards=[hazard]),)
