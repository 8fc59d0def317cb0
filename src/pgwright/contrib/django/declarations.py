"""What an app declares beside its models, in a module `declarations` with a tuple ``DECLARATIONS``."""

from pgwright.sources.declarations import *  # noqa: F403 - the same nouns, under the name that projects import
from pgwright.sources.declarations import Declaration

# As an app, pgwright itself declares nothing.
DECLARATIONS: tuple[Declaration, ...] = ()
