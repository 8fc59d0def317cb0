"""Batches of the demo: six years of fish, from egg to harvest, with what was written down about them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from apps.demo.farm import containers

FULL_COUNT = 5000
YEARS = 6

SPECIES = (
    (1, "Atlantic salmon", "Salmo salar"),
    (2, "Rainbow trout", "Oncorhynchus mykiss"),
    (3, "Arctic char", "Salvelinus alpinus"),
)
# Per species: name, container, days, mean weight in grams at the end.
_STAGES = {
    1: (
        ("Egg", "tray", 80, "0.15"),
        ("Fry", "tank", 90, "5"),
        ("Parr", "tank", 160, "40"),
        ("Smolt", "tank", 120, "150"),
        ("Grow-out", "pen", 430, "4800"),
    ),
    2: (
        ("Egg", "tray", 35, "0.10"),
        ("Fry", "tank", 80, "6"),
        ("Fingerling", "tank", 120, "80"),
        ("Grow-out", "pen", 260, "2200"),
    ),
    3: (
        ("Egg", "tray", 70, "0.12"),
        ("Fry", "tank", 100, "4"),
        ("Parr", "tank", 180, "60"),
        ("Grow-out", "pen", 330, "1600"),
    ),
}
_LOSS_PER_STAGE = (18, 12, 8, 5, 7)  # percent of the fish that begin the stage
_CAUSES = ("unknown", "unknown", "disease", "disease", "handling", "oxygen", "predator")
_CENT = Decimal("0.01")
_GRAM = Decimal("0.001")

SPECIES_COLUMNS = ("id", "name", "scientific_name")
STAGE_COLUMNS = ("id", "species_id", "position", "name", "expected_days", "expected_weight_g")
BATCH_COLUMNS = (
    "id",
    "batch_number",
    "species_id",
    "stage_id",
    "status",
    "start_date",
    "expected_end_date",
    "actual_end_date",
    "initial_count",
    "notes",
    "created_at",
)
ASSIGNMENT_COLUMNS = (
    "id",
    "batch_id",
    "container_id",
    "stage_id",
    "assigned_on",
    "departed_on",
    "population",
    "biomass_kg",
)
GROWTH_COLUMNS = ("id", "assignment_id", "sampled_on", "sample_size", "mean_weight_g", "mean_length_cm")
MORTALITY_COLUMNS = ("id", "batch_id", "occurred_on", "count", "cause", "description")
FEEDING_COLUMNS = ("id", "assignment_id", "fed_at", "feed", "amount_kg", "method")

Row = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Rows of every table of the app `batch`, ids given."""

    batches: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)
    growth: list[Row] = field(default_factory=list)
    mortalities: list[Row] = field(default_factory=list)
    feedings: list[Row] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Stay:
    """One stage of one batch in one container; weights in grams."""

    batch_id: int
    assignment_id: int
    start: dt.date
    end: dt.date
    is_over: bool
    population: int
    weight: Decimal
    final_weight: Decimal
    position: int

    def weight_at(self, day: int, days: int) -> Decimal:
        """Return the mean weight in grams on `day` of `days`: fish grow faster the bigger they are."""
        share = Decimal(day) / days
        return self.weight + (self.final_weight - self.weight) * share * share


def stage_rows() -> Iterator[Row]:
    """Yield one row per stage of a species, as `STAGE_COLUMNS`."""
    for species_id, stages in _STAGES.items():
        for position, (name, _kind, days, weight) in enumerate(stages, 1):
            yield (_stage_id(species_id, position), species_id, position, name, days, Decimal(weight))


def breed(*, seed: int, count: int, until: dt.date) -> Stock:
    """Make `count` batches that began in the six years before `until`, and nothing after it."""
    places: dict[str, list[int]] = {}
    for container_id, _area, _number, kind in containers():
        places.setdefault(kind, []).append(container_id)
    breeder = _Breeder(stock=Stock(), random=Random(seed), places=places, until=until)
    for batch_id in range(1, count + 1):
        # In the order of time, as batches are numbered.
        age = YEARS * 365 * (count - batch_id + 1) // count
        breeder.live(batch_id, until - dt.timedelta(days=max(age, 1)))
    return breeder.stock


@dataclass(frozen=True, kw_only=True)
class _Breeder:
    """What all batches of one `breed` share; fills `stock`."""

    stock: Stock
    random: Random
    places: dict[str, list[int]]
    until: dt.date

    def live(self, batch_id: int, start: dt.date) -> None:
        """Add a batch that began on `start`, from its eggs to `until` or its end."""
        stock, random = self.stock, self.random
        species_id = random.choices((1, 2, 3), weights=(6, 3, 1))[0]
        stages = _STAGES[species_id]
        eggs = random.randrange(20_000, 200_000, 500)
        lost_in = random.randrange(len(stages)) if random.random() < 0.015 else None
        population, weight, begin = eggs, Decimal("0.08"), start
        status, actual_end = "active", None
        position = 0
        for position, (_name, kind, days, final) in enumerate(stages, 1):
            end = begin + dt.timedelta(days=days * random.randrange(90, 111) // 100)
            is_over = end < self.until
            stay = _Stay(
                batch_id=batch_id,
                assignment_id=len(stock.assignments) + 1,
                start=begin,
                end=min(end, self.until - dt.timedelta(days=1)),
                is_over=is_over,
                population=population,
                weight=weight,
                final_weight=Decimal(final) * random.randrange(92, 109) / 100,
                position=position,
            )
            biomass = _rounded(weight * population / 1000, _CENT)
            stage_id = _stage_id(species_id, position)
            departed = end if is_over else None
            container_id = random.choice(self.places[kind])
            stock.assignments.append(
                (stay.assignment_id, batch_id, container_id, stage_id, begin, departed, population, biomass)
            )
            self.record(stay)
            population -= population * _LOSS_PER_STAGE[position - 1] // 100
            weight, begin = stay.final_weight, end
            if not is_over:
                break
            if lost_in == position - 1:
                status, actual_end = "lost", end
                break
            if position == len(stages):
                status, actual_end = "harvested", end
        expected_end = start + dt.timedelta(days=sum(stage[2] for stage in stages))
        created = dt.datetime.combine(start, dt.time(8), dt.UTC)
        number = f"{start:%Y}-{batch_id:05d}"
        note = "Lost: see mortalities." if status == "lost" else ""
        stage_id = _stage_id(species_id, position)
        kept = (batch_id, number, species_id, stage_id, status)
        stock.batches.append((*kept, start, expected_end, actual_end, eggs, note, created))

    def record(self, stay: _Stay) -> None:
        """Write down weighings, deaths and feedings of `stay`."""
        stock, random = self.stock, self.random
        days = max((stay.end - stay.start).days, 1)
        if random.random() < 0.85:
            died = stay.population * random.randrange(1, 6) // 100 or 1
            occurred = stay.start + dt.timedelta(days=random.randrange(days))
            cause = random.choice(_CAUSES)
            stock.mortalities.append((len(stock.mortalities) + 1, stay.batch_id, occurred, died, cause, ""))
        if stay.position == 1:
            # Eggs are neither fed nor weighed.
            return
        for day in range(20, days, 60):
            grams = _rounded(stay.weight_at(day, days), _CENT)
            # From W = K L³ / 100, with a K of 0.95 to 1.25.
            condition = random.randrange(95, 126) / 100
            length = _rounded(Decimal((100 * float(grams) / condition) ** (1 / 3)), _CENT)
            sampled = stay.start + dt.timedelta(days=day)
            size = random.randrange(20, 101, 5)
            stock.growth.append((len(stock.growth) + 1, stay.assignment_id, sampled, size, grams, length))
        for day in range(5, days, 45):
            grams = stay.weight_at(day, days)
            amount = _rounded(grams * stay.population / 1000 * random.randrange(8, 21) / 1000, _GRAM)
            fed = dt.datetime.combine(
                stay.start + dt.timedelta(days=day), dt.time(random.randrange(6, 20)), dt.UTC
            )
            feed = "Starter 0.8 mm" if grams < 10 else "Grower 3 mm" if grams < 300 else "Finisher 9 mm"
            method = "manual" if random.random() < 0.2 else "automatic"
            stock.feedings.append((len(stock.feedings) + 1, stay.assignment_id, fed, feed, amount, method))


def _rounded(value: Decimal, unit: Decimal) -> Decimal:
    """Round to `unit`, but not to zero, which no measurement here may be."""
    return max(value, unit).quantize(unit)


def _stage_id(species_id: int, position: int) -> int:
    return sum(len(_STAGES[earlier]) for earlier in range(1, species_id)) + position
