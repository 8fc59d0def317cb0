"""What the schema promises: keys, types, rules and indexes, asked of the server."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import psycopg
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from .system import TABLES, Skycaster

# A row of each table that must be accepted
GOOD = (
    "INSERT INTO currency_config (code, name, symbol, is_base) VALUES ('USD', 'US dollar', '$', true)",
    "INSERT INTO users (email, password_hash, preferred_currency)"
    " VALUES ('a@b.example', '$scrypt$ln=15$salt$hash', 'USD')",
    "INSERT INTO api_keys (user_id, name, prefix, key_hash) SELECT id, 'k', 'p', sha256('x') FROM users",
    "INSERT INTO subscriptions"
    " (user_id, plan, status, currency, unit_amount, current_period_start, current_period_end)"
    " VALUES ((SELECT id FROM users), 'business', 'active', 'USD', 199, now(), now() + interval '1 month')",
    "INSERT INTO invoices (user_id, subscription_id, number, currency, subtotal, tax, total,"
    " period_start, period_end, issued_at, due_at)"
    " SELECT user_id, id, 'SKY-1', 'USD', 100, 20, 120, now(), now() + interval '1 month', now(), now()"
    " FROM subscriptions",
    "INSERT INTO usage_logs (user_id, endpoint, method, status_code, response_time_ms, cost)"
    " VALUES ((SELECT id FROM users), '/v1', 'GET', 200, 12, 0.0004)",
    "INSERT INTO weather_requests"
    " (user_id, endpoint, latitude, longitude, provider, success, response_time_ms)"
    " VALUES ((SELECT id FROM users), '/v1', 48.85661, 2.35222, 'noaa', true, 12)",
    "INSERT INTO pricing_config (endpoint, plan, currency, price_per_call, valid_from)"
    " VALUES ('/v1', 'free', 'USD', 0, '2025-01-01Z')",
    "INSERT INTO variable_mapping (name, provider, provider_variable, unit)"
    " VALUES ('temperature', 'noaa', 't', 'K')",
    "INSERT INTO audit_logs (activity_type, ip_address) VALUES ('user.login', '192.0.2.1')",
    "INSERT INTO security_events (event_type, severity) VALUES ('token.forged', 'high')",
    "INSERT INTO performance_metrics (metric_name, host, value, unit) VALUES ('cpu', 'api-1', 0.5, '%')",
    "INSERT INTO support_tickets (user_id, subject, body) SELECT id, 's', 'b' FROM users",
)

# A change of such a row, and the rule that must refuse it
BAD = (
    ("UPDATE users SET email = 'A@b.example'", "ck_users_email_form"),
    ("UPDATE users SET email = 'nobody'", "ck_users_email_form"),
    ("UPDATE users SET password_hash = 'secret'", "ck_users_password_hash_form"),
    ("UPDATE users SET preferred_currency = 'EUR'", "fk_users_preferred_currency_currency_config"),
    ("INSERT INTO users (email) VALUES ('a@b.example')", "uq_users_email"),
    ("UPDATE api_keys SET key_hash = 'sky_p_secret'", "ck_api_keys_key_hash_length"),
    ("UPDATE api_keys SET requests_per_minute = 0", "ck_api_keys_requests_per_minute_positive"),
    ("UPDATE api_keys SET expires_at = created_at", "ck_api_keys_expires_after_creation"),
    ("UPDATE subscriptions SET unit_amount = -1", "ck_subscriptions_unit_amount_not_negative"),
    ("UPDATE subscriptions SET currency = 'usd'", "ck_subscriptions_currency_form"),
    ("UPDATE subscriptions SET currency = 'EUR'", "fk_subscriptions_currency_currency_config"),
    ("UPDATE subscriptions SET status = 'canceled'", "ck_subscriptions_canceled_has_time"),
    ("UPDATE subscriptions SET current_period_end = current_period_start", "ck_subscriptions_period_order"),
    (GOOD[3], "uq_subscriptions_running_user_id"),
    ("DELETE FROM users", "fk_subscriptions_user_id_users"),
    ("UPDATE invoices SET total = 121", "ck_invoices_total_is_sum"),
    ("UPDATE invoices SET amount_paid = 121", "ck_invoices_amount_paid_range"),
    ("UPDATE invoices SET subtotal = -1, total = 19", "ck_invoices_amounts_not_negative"),
    ("UPDATE invoices SET status = 'paid'", "ck_invoices_paid_has_time"),
    ("UPDATE invoices SET period_end = period_start", "ck_invoices_period_order"),
    ("UPDATE invoices SET currency = 'dollar'", "ck_invoices_currency_form"),
    ("UPDATE usage_logs SET cost = -0.1", "ck_usage_logs_cost_not_negative"),
    ("UPDATE usage_logs SET status_code = 99", "ck_usage_logs_status_code_range"),
    ("UPDATE usage_logs SET response_time_ms = -1", "ck_usage_logs_response_time_not_negative"),
    ("UPDATE weather_requests SET latitude = 90.1", "ck_weather_requests_latitude_range"),
    ("UPDATE weather_requests SET longitude = -180.1", "ck_weather_requests_longitude_range"),
    ("UPDATE weather_requests SET success = false", "ck_weather_requests_failure_has_code"),
    ("UPDATE weather_requests SET response_time_ms = -1", "ck_weather_requests_response_time_not_negative"),
    ("UPDATE currency_config SET exchange_rate = 2", "ck_currency_config_base_rate_is_one"),
    (
        "UPDATE currency_config SET exchange_rate = 0, is_base = false",
        "ck_currency_config_exchange_rate_positive",
    ),
    ("UPDATE currency_config SET decimal_places = 5", "ck_currency_config_decimal_places_range"),
    (
        "INSERT INTO currency_config (code, name, symbol) VALUES ('eur', 'Euro', '€')",
        "ck_currency_config_code_form",
    ),
    (
        "INSERT INTO currency_config (code, name, symbol, is_base) VALUES ('EUR', 'Euro', '€', true)",
        "uq_currency_config_base",
    ),
    ("UPDATE pricing_config SET price_per_call = -1", "ck_pricing_config_price_not_negative"),
    ("UPDATE pricing_config SET free_calls_per_month = -1", "ck_pricing_config_free_calls_not_negative"),
    ("UPDATE pricing_config SET valid_to = valid_from", "ck_pricing_config_validity_order"),
    (GOOD[7], "uq_pricing_config_endpoint_plan_currency_valid_from"),
    ("UPDATE variable_mapping SET scale_factor = 0", "ck_variable_mapping_scale_factor_not_zero"),
    ("UPDATE audit_logs SET activity_type = ''", "ck_audit_logs_activity_type_not_empty"),
    (
        "UPDATE security_events SET resolved_at = detected_at - interval '1 s'",
        "ck_security_events_resolved_after_detected",
    ),
    ("UPDATE performance_metrics SET metric_name = ''", "ck_performance_metrics_metric_name_not_empty"),
    ("UPDATE support_tickets SET subject = ''", "ck_support_tickets_subject_not_empty"),
    ("UPDATE support_tickets SET status = 'closed'", "ck_support_tickets_resolved_has_time"),
    (
        "UPDATE support_tickets SET status = 'closed', resolved_at = created_at - interval '1 s'",
        "ck_support_tickets_resolved_after_created",
    ),
)


@pytest.fixture
def filled(migrated: Skycaster) -> Skycaster:
    with migrated.connect() as connection:
        for statement in GOOD:
            connection.execute(statement.encode())
    return migrated


def test_rules_refuse_bad_rows_by_name(filled: Skycaster) -> None:
    refused = []
    with filled.connect() as connection:
        for statement, _ in BAD:
            with pytest.raises(psycopg.errors.IntegrityError) as caught:
                connection.execute(statement.encode())
            refused.append((statement, caught.value.diag.constraint_name))
    assert refused == list(BAD)


def test_every_check_is_tried(migrated: Skycaster) -> None:
    checks = migrated.names("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0")
    assert set(checks) <= {name for _, name in BAD}


def test_user_role_is_closed(filled: Skycaster) -> None:
    assert filled.names("SELECT unnest(enum_range(NULL::user_role))::text") == ["user", "admin"]
    with filled.connect() as connection, pytest.raises(psycopg.errors.InvalidTextRepresentation):
        connection.execute("UPDATE users SET role = 'root'")


def test_every_key_is_a_uuid_made_by_the_server(filled: Skycaster) -> None:
    others = filled.names(
        """
        SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND column_name = 'id'
           AND (data_type <> 'uuid' OR column_default <> 'gen_random_uuid()')
        """
    )
    assert others == []
    ids = filled.names(
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE attname = 'id'"
        " AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
    )
    assert set(ids) == TABLES - {"user_usage_summary"}


def test_columns_have_no_naive_time_float_money_or_json(migrated: Skycaster) -> None:
    risky = migrated.names(
        """
        SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> 'alembic_version'
           AND (data_type IN ('timestamp without time zone', 'json', 'character', 'money', 'real')
                OR data_type = 'double precision' AND table_name <> 'performance_metrics')
        """
    )
    assert risky == []


def test_every_foreign_key_has_an_index(migrated: Skycaster) -> None:
    without = migrated.names(
        """
        SELECT conname FROM pg_constraint c
         WHERE contype = 'f' AND NOT EXISTS (
               SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1] AND indpred IS NULL)
        """
    )
    assert without == []


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT count(*) FROM usage_logs"
            " WHERE created_at >= '2025-07-01Z' AND created_at < '2025-07-02Z'",
            "idx_usage_logs_created_at_user_id",
        ),
        (
            "SELECT sum(cost) FROM usage_logs"
            " WHERE user_id = (SELECT id FROM users) AND created_at >= '2025-07-01Z'",
            "idx_usage_logs_user_id_created_at",
        ),
        (
            "SELECT count(*) FROM weather_requests WHERE success AND created_at >= '2025-07-01Z'",
            "idx_weather_requests_timestamp",
        ),
        (
            "SELECT max(timestamp) FROM audit_logs WHERE activity_type = 'user.login'",
            "idx_audit_logs_activity_timestamp",
        ),
        ("DELETE FROM audit_logs WHERE timestamp < '2025-01-01Z'", "idx_audit_logs_timestamp"),
    ],
)
def test_common_queries_use_their_index(filled: Skycaster, query: str, index: str) -> None:
    with filled.connect() as connection:
        # The tables hold one row: a sequential scan would be right, so it is put out of the question.
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(b"EXPLAIN " + query.encode()).fetchall()
    assert index in str(plan)


def test_deleting_a_key_keeps_its_usage(filled: Skycaster) -> None:
    with filled.connect() as connection:
        connection.execute("UPDATE usage_logs SET api_key_id = (SELECT id FROM api_keys)")
        connection.execute("DELETE FROM api_keys")
    assert filled.names("SELECT api_key_id FROM usage_logs") == [None]


def test_models_read_and_write(filled: Skycaster, module: Callable[[str], ModuleType]) -> None:
    models, security = module("app.models"), module("app.security")
    engine = create_engine(filled.url.replace("postgresql://", "postgresql+psycopg://", 1))
    made = security.generate_key()
    with Session(engine) as session:
        user = session.scalars(select(models.User)).one()
        user.role = models.UserRole.ADMIN
        user.api_keys.append(models.ApiKey(name="new", prefix=made.prefix, key_hash=made.key_hash))
        session.add(
            models.AuditLog(activity_type="api_key.created", user_id=user.id, details={"prefix": "p"})
        )
        session.commit()
    with Session(engine) as session:
        found = session.scalars(
            select(models.ApiKey).where(models.ApiKey.prefix == security.key_prefix(made.key))
        ).one()
        assert security.matches(made.key, found.key_hash)
        assert found.user.role is models.UserRole.ADMIN
        assert len(found.user.api_keys) == 2
        details = session.scalars(
            select(models.AuditLog.details).where(models.AuditLog.activity_type == "api_key.created")
        ).one()
        assert details == {"prefix": "p"}
    engine.dispose()
    assert filled.names("SELECT role::text FROM users") == ["admin"]
