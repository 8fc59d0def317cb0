"""The mark of `load_demo`."""

from django.db import models
from django.db.models.functions import Now


class DemoLoad(models.Model):
    """The load that filled this database. There is at most one, and none where data is real.

    It is written in the transaction that loads everything: where it is, the load is whole.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1)
    seed = models.BigIntegerField(db_comment="Seed of everything generated")
    scale = models.FloatField(db_comment="Share of the full amount")
    until = models.DateField(db_comment="Readings end before this day, UTC")
    loaded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table_comment = "The demo data in this database, if any"
        constraints = (models.CheckConstraint(name="demoload_single", condition=models.Q(id=1)),)

    def __str__(self) -> str:
        return f"seed {self.seed}, scale {self.scale}, until {self.until}"
