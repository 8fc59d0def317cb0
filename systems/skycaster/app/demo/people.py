"""Users with their keys, subscriptions, invoices and tickets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo.copying import DAYS, Value, World, new_id
from app.demo.reference import CURRENCIES, PLAN_PRICE, PLANS

_FIRST = (
    "Ana", "Ben", "Chen", "Dara", "Emil", "Fatima", "Goran", "Hana", "Ivan", "Jia", "Kofi", "Lena",
    "Mateo", "Nadia", "Omar", "Priya", "Quentin", "Rosa", "Sven", "Tariq", "Uma", "Viktor", "Wen",
    "Ximena", "Yusuf", "Zoe",
)  # fmt: skip
_LAST = (
    "Adeyemi", "Bauer", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Hansen", "Ito", "Jensen",
    "Kumar", "Lopez", "Moreau", "Novak", "Okafor", "Patel", "Rossi", "Silva", "Tanaka", "Ueda",
    "Vargas", "Weber", "Yilmaz", "Zhang",
)  # fmt: skip
_COMPANIES = (
    "Agro", "Aero", "Solar", "Harbour", "Alpine", "Metro", "Delta", "Coast", "Ridge", "Orchard",
)  # fmt: skip
_KINDS = (
    "Logistics", "Farms", "Energy", "Insurance", "Travel", "Events", "Drones", "Robotics", "Media",
    "Shipping",
)  # fmt: skip
_SUBJECTS = (
    "Forecast differs from the station nearby", "How is a call counted?", "Invoice without VAT number",
    "429 although below the limit", "Historical data before 1990", "Key stopped working", "Upgrade the plan",
    "Webhook for alerts", "Time zone of hourly values", "Change of billing address",
)  # fmt: skip

USER_COLUMNS = (
    "id", "email", "password_hash", "full_name", "company", "role", "is_active", "email_verified_at",
    "stripe_customer_id", "created_at", "updated_at", "preferred_currency",
)  # fmt: skip
KEY_COLUMNS = (
    "id", "user_id", "name", "prefix", "key_hash", "requests_per_minute", "is_active", "last_used_at",
    "expires_at", "revoked_at", "created_at",
)  # fmt: skip
SUBSCRIPTION_COLUMNS = (
    "id", "user_id", "plan", "status", "currency", "unit_amount", "stripe_subscription_id", "stripe_price_id",
    "current_period_start", "current_period_end", "cancel_at_period_end", "canceled_at", "created_at",
    "updated_at",
)  # fmt: skip
INVOICE_COLUMNS = (
    "id", "user_id", "subscription_id", "number", "stripe_invoice_id", "status", "currency", "subtotal",
    "tax", "total", "amount_paid", "period_start", "period_end", "issued_at", "due_at", "paid_at",
    "created_at",
)  # fmt: skip
TICKET_COLUMNS = (
    "id", "user_id", "assigned_to", "subject", "body", "status", "priority", "created_at", "updated_at",
    "resolved_at",
)  # fmt: skip

_MONTH = timedelta(days=30)
_TAX_PERCENT = {"EUR": 20, "GBP": 20, "INR": 18, "JPY": 10, "AUD": 10}


@dataclass(frozen=True, kw_only=True)
class Person:
    """One user, with what the other tables need to know of them."""

    id: str
    plan: str
    currency: str
    admin: bool
    active: bool
    joined: datetime


@dataclass(frozen=True, kw_only=True)
class Key:
    """One API key, the days on which it works, and how much it is used."""

    id: str
    user_id: str
    plan: str
    created: datetime
    revoked: datetime | None
    weight: float


def people(world: World) -> tuple[Person, ...]:
    """Return all users: a third are older than the history, the rest join during it."""
    rng = world.random("people")
    found = []
    for number in range(world.amount(2000, least=25)):
        admin = number < 5
        days = rng.uniform(1, 300) if rng.random() < 0.35 else -rng.uniform(0, DAYS - 2)
        found.append(
            Person(
                id=new_id(rng),
                plan=rng.choices(PLANS, (55, 28, 14, 3))[0],
                currency=rng.choices([row[0] for row in CURRENCIES], (46, 24, 11, 9, 5, 5))[0],
                admin=admin,
                active=admin or rng.random() < 0.96,
                joined=_second(world.start - timedelta(days=300 if admin else days)),
            )
        )
    return tuple(found)


def users(world: World, everyone: Sequence[Person]) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `users`; no password matches the hashes, which are random."""
    rng = world.random("users")
    for number, person in enumerate(everyone):
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        company = f"{rng.choice(_COMPANIES)} {rng.choice(_KINDS)}" if rng.random() < 0.6 else None
        domain = company.lower().replace(" ", "-") + ".example" if company else "mail.example"
        password = f"$scrypt$ln=15,r=8,p=1${rng.randbytes(12).hex()}${rng.randbytes(32).hex()}"
        verified = person.joined + timedelta(minutes=rng.randint(1, 600)) if rng.random() < 0.93 else None
        yield (
            person.id, f"{first}.{last}.{number}@{domain}".lower(), password, f"{first} {last}", company,
            "admin" if person.admin else "user", person.active, verified,
            None if person.plan == "free" else f"cus_{rng.randbytes(7).hex()}",
            person.joined, person.joined, person.currency if rng.random() < 0.8 else None,
        )  # fmt: skip


def keys(world: World, everyone: Sequence[Person]) -> tuple[Key, ...]:
    """Return the keys of all users; a few users make most of the calls."""
    rng = world.random("keys")
    found = []
    for person in everyone:
        heavy = {"free": 0.3, "developer": 1.0, "business": 4.0, "enterprise": 12.0}[person.plan]
        for number in range(rng.choices((1, 2, 3, 4), (60, 25, 10, 5))[0]):
            age = world.anchor - person.joined
            created = _second(person.joined + age * rng.uniform(0, 0.6) * bool(number))
            gone = not person.active or rng.random() < 0.1
            share = rng.uniform(0.3, 0.99)
            found.append(
                Key(
                    id=new_id(rng),
                    user_id=person.id,
                    plan=person.plan,
                    created=created,
                    revoked=_second(created + (world.anchor - created) * share) if gone else None,
                    weight=heavy * min(rng.paretovariate(1.2), 40.0),
                )
            )
    return tuple(found)


def api_keys(world: World, all_keys: Sequence[Key]) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `api_keys`; the hashes are random bytes, so that no key in the world matches."""
    rng = world.random("api_keys")
    limit = {"free": 60, "developer": 300, "business": 1200, "enterprise": 6000}
    for key in all_keys:
        last = (key.revoked or world.anchor) - timedelta(seconds=rng.randint(0, 3600))
        expires = key.created + timedelta(days=1095) if rng.random() < 0.2 else None
        yield (
            key.id, key.user_id, rng.choice(("production", "staging", "laptop", "mobile app")),
            rng.randbytes(6).hex(), rng.randbytes(32), limit[key.plan], key.revoked is None,
            max(last, key.created), expires, key.revoked, key.created,
        )  # fmt: skip


def billing(
    world: World, everyone: Sequence[Person]
) -> tuple[tuple[tuple[Value, ...], ...], tuple[tuple[Value, ...], ...]]:
    """Return the rows of `subscriptions` and of `invoices`: one invoice for each month begun."""
    rng = world.random("billing")
    rates = {row[0]: (float(row[4]), row[3]) for row in CURRENCIES}
    bought: list[tuple[Value, ...]] = []
    billed: list[tuple[Value, ...]] = []
    for person in everyone:
        if person.plan == "free":
            continue
        rate, places = rates[person.currency]
        cents = round(round(PLAN_PRICE[person.plan] * rate, places) * 100)
        begin = max(person.joined, world.start)
        end = begin + (world.anchor - begin) * rng.uniform(0.4, 0.95) if not person.active else world.anchor
        subscription = new_id(rng)
        months = max(1, -(-(end - begin) // _MONTH))
        last_status = rng.choices(("active", "past_due"), (94, 6))[0]
        for month in range(months):
            late = person.active and month == months - 1 and last_status == "past_due"
            issued = begin + _MONTH * month
            number = f"SKY-{issued:%Y}-{len(billed) + 1:06d}"
            amounts = _amounts(person.currency, cents, paid=not late)
            paid_at = None if late else min(issued + timedelta(hours=rng.randint(1, 240)), world.anchor)
            billed.append((
                new_id(rng), person.id, subscription, number, f"in_{rng.randbytes(8).hex()}",
                "open" if late else "paid", person.currency, *amounts, issued, issued + _MONTH, issued,
                issued + timedelta(days=14), paid_at, issued,
            ))  # fmt: skip
        period = begin + _MONTH * (months - 1)
        status = last_status if person.active else "canceled"
        bought.append((
            subscription, person.id, person.plan, status, person.currency, _money(cents),
            f"sub_{rng.randbytes(7).hex()}", f"price_{person.plan}_{person.currency.lower()}", period,
            period + _MONTH, not person.active, None if person.active else _second(end), begin, period,
        ))  # fmt: skip
    return tuple(bought), tuple(billed)


def tickets(world: World, everyone: Sequence[Person]) -> Iterator[tuple[Value, ...]]:
    """Yield the rows of `support_tickets`, oldest first; the server numbers them."""
    rng = world.random("support_tickets")
    staff = [person.id for person in everyone if person.admin]
    customers = [person for person in everyone if not person.admin]
    moments = sorted(rng.random() for _ in range(world.amount(1500)))
    for moment in moments:
        person = rng.choice(customers)
        begin = max(person.joined, world.start)
        created = _second(begin + (world.anchor - begin) * moment)
        age = world.anchor - created
        status = rng.choices(("resolved", "closed", "pending", "open"), (20, 70, 4, 6))[0]
        if age < timedelta(days=5):
            status = rng.choice(("open", "pending"))
        done = status in ("resolved", "closed")
        resolved = _second(created + min(age, timedelta(hours=rng.expovariate(1 / 30)))) if done else None
        subject = rng.choice(_SUBJECTS)
        yield (
            new_id(rng), person.id, None if status == "open" else rng.choice(staff), subject,
            f"{subject}. It began on {created:%d %B}, and we see it on every call.\nPlease advise.",
            status, rng.choices(("low", "normal", "high", "urgent"), (20, 60, 16, 4))[0],
            created, resolved or created, resolved,
        )  # fmt: skip


def _amounts(currency: str, cents: int, *, paid: bool) -> tuple[str, str, str, str]:
    """Return subtotal, tax, total and what of it is paid."""
    tax = cents * _TAX_PERCENT.get(currency, 0) // 100
    total = cents + tax
    return _money(cents), _money(tax), _money(total), _money(total if paid else 0)


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
