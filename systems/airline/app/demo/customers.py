"""Customers and what they booked, from a fixed seed: the same on every machine and at every run."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from random import Random
from uuid import UUID

from app.demo.flights import DAY, NULL, FlightIndex, instant

SEED = 20130101
USERS = 20_000
BOOKINGS = 200_000
USER_COLUMNS = (
    "id",
    "email",
    "full_name",
    "password_hash",
    "role",
    "is_active",
    "created_at",
    "last_login_at",
)
KEY_COLUMNS = ("user_id", "name", "prefix", "key_hash", "scopes", "created_at", "last_used_at", "revoked_at")
SESSION_COLUMNS = (
    "id",
    "user_id",
    "token_hash",
    "ip_address",
    "user_agent",
    "created_at",
    "expires_at",
    "revoked_at",
)
BOOKING_COLUMNS = (
    "id",
    "reference",
    "user_id",
    "flight_id",
    "cabin",
    "passengers",
    "fare",
    "status",
    "booked_at",
    "cancelled_at",
)

GIVEN = (
    "Ada",
    "Amir",
    "Ana",
    "Ben",
    "Chen",
    "Dana",
    "Elif",
    "Emil",
    "Fatima",
    "Hugo",
    "Ines",
    "Ivan",
    "Kofi",
)
FAMILY = (
    "Adams",
    "Bauer",
    "Diaz",
    "Evans",
    "Garcia",
    "Haddad",
    "Ito",
    "Kim",
    "Lopez",
    "Okafor",
    "Rossi",
    "Weber",
)
AGENTS = (
    "Firefox on Linux",
    "Firefox on Windows",
    "Safari on iPhone",
    "Chrome on Android",
    "Chrome on Windows",
)
# How much of the demand each month draws, January first; accepted by chance against the highest.
SEASON = (0.72, 0.74, 0.88, 0.86, 0.9, 0.98, 1.0, 0.97, 0.8, 0.84, 0.87, 0.95)
# Name, upper bound of the share of bookings, factor of the fare.
CABINS = (("economy", 0.82, 1.0), ("premium", 0.93, 1.6), ("business", 1.0, 3.1))
# Accounts were made between 18 and 6 months before 2013, the first bookings at most 180 days before it.
FIRST_ACCOUNT, LAST_ACCOUNT = -545 * DAY, -185 * DAY
LONGEST_LEAD = 180 * DAY
# Sold at most on a flight whose aircraft the register does not know.
UNKNOWN_CAPACITY = 50
REFERENCE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def count(base: int, scale: float) -> int:
    """Return how many of `base` rows a load at `scale` makes, at least one."""
    return max(1, int(base * scale))


def user_lines(users: int) -> Iterator[str]:
    """Yield one COPY line per customer; nobody can sign in to these accounts."""
    rng = Random(SEED)
    for number in range(1, users + 1):
        given, family = rng.choice(GIVEN), rng.choice(FAMILY)
        role = "analyst" if rng.random() < 0.01 else "customer"
        active = "t" if rng.random() < 0.97 else "f"
        created = rng.randrange(FIRST_ACCOUNT, LAST_ACCOUNT)
        login = instant(rng.randrange(0, 365 * DAY)) if rng.random() < 0.9 else NULL
        email = f"{given}.{family}.{number}@example.com".lower()
        yield f"{number}\t{email}\t{given} {family}\t!\t{role}\t{active}\t{instant(created)}\t{login}\n"


def key_lines(keys: int, users: int) -> Iterator[str]:
    """Yield one COPY line per API key: hashes of nothing, no key opens anything."""
    rng = Random(SEED + 1)
    for number in range(1, keys + 1):
        created = rng.randrange(0, 300 * DAY)
        used = instant(created + rng.randrange(60 * DAY)) if rng.random() < 0.8 else NULL
        revoked = instant(created + 61 * DAY) if rng.random() < 0.1 else NULL
        scopes = rng.choice(("{market:read}", "{market:read,bookings:read}"))
        yield (
            f"{rng.randint(1, users)}\tkey {number}\tam_{number:06d}\t\\\\x{rng.randbytes(32).hex()}\t"
            f"{scopes}\t{instant(created)}\t{used}\t{revoked}\n"
        )


def session_lines(sessions: int, users: int) -> Iterator[str]:
    """Yield one COPY line per session of two weeks."""
    rng = Random(SEED + 2)
    for _ in range(sessions):
        key = UUID(bytes=rng.randbytes(16), version=4)
        created = rng.randrange(0, 350 * DAY)
        revoked = instant(created + rng.randrange(1, 14 * DAY)) if rng.random() < 0.3 else NULL
        # 198.51.100.0/24 is reserved for documentation: no real host.
        yield (
            f"{key}\t{rng.randint(1, users)}\t\\\\x{rng.randbytes(32).hex()}\t198.51.100.{rng.randrange(256)}"
            f"\t{rng.choice(AGENTS)}\t{instant(created)}\t{instant(created + 14 * DAY)}\t{revoked}\n"
        )


def booking_lines(bookings: int, users: int, index: FlightIndex) -> Iterator[str]:
    """Yield one COPY line per booking, in the order in which they were made.

    No flight is sold beyond its seats where the seats are known.
    """
    rng = Random(SEED + 3)
    flights, booked = array("i"), array("i")
    latest = len(index.departure) - 1
    while len(flights) < bookings:
        flight = rng.randint(0, latest)
        month = min(11, max(0, index.departure[flight] // DAY * 12 // 365))
        if rng.random() > SEASON[month]:
            continue
        lead = min(LONGEST_LEAD, 60 + int(rng.expovariate(1 / (28 * DAY))))
        flights.append(flight)
        booked.append(index.departure[flight] - lead)
    sold = array("h", bytes(2 * len(index.departure)))
    order = sorted(range(bookings), key=booked.__getitem__)
    for number, position in enumerate(order, start=1):
        flight, made = flights[position], booked[position]
        capacity = index.seats[flight] or UNKNOWN_CAPACITY
        passengers = min(1 + int(rng.expovariate(0.9)), 9, max(1, capacity - sold[flight]))
        full = sold[flight] + passengers > capacity
        status, cancelled = _fate(rng, index, flight, made, full=full)
        if status == "flown":
            sold[flight] += passengers
        draw = rng.random()
        cabin, factor = next((name, factor) for name, below, factor in CABINS if draw < below)
        fare = (48 + 0.115 * index.distance[flight]) * factor * rng.uniform(0.8, 1.3)
        # The last days before departure cost most.
        fare *= 1 + 0.9 / (1 + (index.departure[flight] - made) / DAY / 4)
        # Few people travel very much.
        user = 1 + int(users * rng.random() ** 2)
        returned = NULL if cancelled is None else instant(cancelled)
        yield (
            f"{number}\t{reference(number)}\t{user}\t{flight + 1}\t{cabin}\t{passengers}\t{fare:.2f}\t"
            f"{status}\t{instant(made)}\t{returned}\n"
        )


def _fate(rng: Random, index: FlightIndex, flight: int, booked: int, *, full: bool) -> tuple[str, int | None]:
    """Return the status of a booking and when it was given back."""
    departure = index.departure[flight]
    if rng.random() < 0.06:
        return "cancelled", booked + int((departure - booked) * rng.random())
    if full:
        return "refunded", booked
    # A cancelled flight is refunded when it should have left.
    return ("refunded", departure) if index.cancelled[flight] else ("flown", None)


def reference(number: int) -> str:
    """Return the six-character record locator of a booking, different for each number < 2^30."""
    # Multiplying by an odd number modulo a power of two maps no two numbers to one.
    value = number * 0x2545F491 % (1 << 30)
    return "".join(REFERENCE_LETTERS[value >> shift & 31] for shift in range(25, -1, -5))
