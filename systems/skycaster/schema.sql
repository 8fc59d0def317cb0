-- The complete schema; run it with: psql -v ON_ERROR_STOP=1 -f FILE
-- It can be run again: what exists already is left as it is.

SET client_min_messages = warning;
SET check_function_bodies = off;

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;

DO $pgwright$ BEGIN
CREATE TYPE public.invoice_status AS ENUM ('draft', 'open', 'paid', 'void', 'uncollectible');
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
CREATE TYPE public.security_severity AS ENUM ('low', 'medium', 'high', 'critical');
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
CREATE TYPE public.subscription_plan AS ENUM ('free', 'developer', 'business', 'enterprise');
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
CREATE TYPE public.subscription_status AS ENUM ('trialing', 'active', 'past_due', 'canceled');
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
CREATE TYPE public.ticket_priority AS ENUM ('low', 'normal', 'high', 'urgent');
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
CREATE TYPE public.ticket_status AS ENUM ('open', 'pending', 'resolved', 'closed');
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
CREATE TYPE public.user_role AS ENUM ('user', 'admin');
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

CREATE TABLE IF NOT EXISTS public.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    requests_per_minute integer DEFAULT 60 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_api_keys PRIMARY KEY (id),
    CONSTRAINT uq_api_keys_key_hash UNIQUE (key_hash),
    CONSTRAINT uq_api_keys_prefix UNIQUE (prefix),
    CONSTRAINT ck_api_keys_expires_after_creation CHECK ((expires_at > created_at)),
    CONSTRAINT ck_api_keys_key_hash_length CHECK ((octet_length(key_hash) = 32)),
    CONSTRAINT ck_api_keys_requests_per_minute_positive CHECK ((requests_per_minute > 0))
);

CREATE TABLE IF NOT EXISTS public.audit_logs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    activity_type text NOT NULL,
    user_id uuid,
    resource_type text,
    resource_id uuid,
    ip_address inet,
    user_agent text,
    success boolean DEFAULT true NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT pk_audit_logs PRIMARY KEY (id, "timestamp"),
    CONSTRAINT ck_audit_logs_activity_type_not_empty CHECK ((activity_type <> ''::text))
) PARTITION BY RANGE ("timestamp");

DO $pgwright$
DECLARE
    lower_bound timestamp with time zone := (date_trunc('month', (now()::timestamp with time zone AT TIME ZONE interval '0')) AT TIME ZONE interval '0');
    upper_bound timestamp with time zone;
BEGIN
EXECUTE format('CREATE TABLE IF NOT EXISTS %s PARTITION OF %s '
    'FOR VALUES FROM (MINVALUE) TO (%L)', 'public.audit_logs_history', 'public.audit_logs', lower_bound);
FOR number IN 0..3 LOOP
    upper_bound := (((lower_bound AT TIME ZONE interval '0') + interval '1 month') AT TIME ZONE interval '0');
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I.%I PARTITION OF %s '
        'FOR VALUES FROM (%L) TO (%L)',
        'public', 'audit_logs_p' || to_char((lower_bound AT TIME ZONE 'UTC'), 'YYYY_MM'), 'public.audit_logs', lower_bound, upper_bound);
    lower_bound := upper_bound;
END LOOP;
END $pgwright$;

CREATE TABLE IF NOT EXISTS public.currency_config (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    symbol text NOT NULL,
    decimal_places smallint DEFAULT 2 NOT NULL,
    exchange_rate numeric(18,8) DEFAULT 1 NOT NULL,
    is_base boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_currency_config PRIMARY KEY (id),
    CONSTRAINT uq_currency_config_code UNIQUE (code),
    CONSTRAINT ck_currency_config_base_rate_is_one CHECK (((NOT is_base) OR (exchange_rate = (1)::numeric))),
    CONSTRAINT ck_currency_config_code_form CHECK ((code ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_currency_config_decimal_places_range CHECK (((decimal_places >= 0) AND (decimal_places <= 4))),
    CONSTRAINT ck_currency_config_exchange_rate_positive CHECK ((exchange_rate > (0)::numeric))
);

CREATE TABLE IF NOT EXISTS public.invoices (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    number text NOT NULL,
    stripe_invoice_id text,
    status public.invoice_status DEFAULT 'draft'::public.invoice_status NOT NULL,
    currency text NOT NULL,
    subtotal numeric(12,2) NOT NULL,
    tax numeric(12,2) NOT NULL,
    total numeric(12,2) NOT NULL,
    amount_paid numeric(12,2) DEFAULT 0 NOT NULL,
    period_start timestamp with time zone NOT NULL,
    period_end timestamp with time zone NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_invoices PRIMARY KEY (id),
    CONSTRAINT uq_invoices_number UNIQUE (number),
    CONSTRAINT uq_invoices_stripe_invoice_id UNIQUE (stripe_invoice_id),
    CONSTRAINT ck_invoices_amount_paid_range CHECK (((amount_paid >= (0)::numeric) AND (amount_paid <= total))),
    CONSTRAINT ck_invoices_amounts_not_negative CHECK (((subtotal >= (0)::numeric) AND (tax >= (0)::numeric))),
    CONSTRAINT ck_invoices_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_invoices_paid_has_time CHECK (((status <> 'paid'::public.invoice_status) OR (paid_at IS NOT NULL))),
    CONSTRAINT ck_invoices_period_order CHECK ((period_end > period_start)),
    CONSTRAINT ck_invoices_total_is_sum CHECK ((total = (subtotal + tax)))
);

CREATE TABLE IF NOT EXISTS public.performance_metrics (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    metric_name text NOT NULL,
    host text NOT NULL,
    value double precision NOT NULL,
    unit text NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_performance_metrics PRIMARY KEY (id),
    CONSTRAINT ck_performance_metrics_metric_name_not_empty CHECK ((metric_name <> ''::text))
);

CREATE TABLE IF NOT EXISTS public.pricing_config (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    endpoint text NOT NULL,
    plan public.subscription_plan NOT NULL,
    currency text NOT NULL,
    price_per_call numeric(12,6) NOT NULL,
    free_calls_per_month integer DEFAULT 0 NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_pricing_config PRIMARY KEY (id),
    CONSTRAINT uq_pricing_config_endpoint_plan_currency_valid_from UNIQUE (endpoint, plan, currency, valid_from),
    CONSTRAINT ck_pricing_config_free_calls_not_negative CHECK ((free_calls_per_month >= 0)),
    CONSTRAINT ck_pricing_config_price_not_negative CHECK ((price_per_call >= (0)::numeric)),
    CONSTRAINT ck_pricing_config_validity_order CHECK ((valid_to > valid_from))
);

CREATE TABLE IF NOT EXISTS public.security_events (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    event_type text NOT NULL,
    severity public.security_severity NOT NULL,
    source_ip inet,
    user_id uuid,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    detected_at timestamp with time zone DEFAULT now() NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT pk_security_events PRIMARY KEY (id),
    CONSTRAINT ck_security_events_resolved_after_detected CHECK ((resolved_at >= detected_at))
);

CREATE TABLE IF NOT EXISTS public.subscriptions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    plan public.subscription_plan NOT NULL,
    status public.subscription_status NOT NULL,
    currency text NOT NULL,
    unit_amount numeric(12,2) NOT NULL,
    stripe_subscription_id text,
    stripe_price_id text,
    current_period_start timestamp with time zone NOT NULL,
    current_period_end timestamp with time zone NOT NULL,
    cancel_at_period_end boolean DEFAULT false NOT NULL,
    canceled_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_subscriptions PRIMARY KEY (id),
    CONSTRAINT uq_subscriptions_stripe_subscription_id UNIQUE (stripe_subscription_id),
    CONSTRAINT ck_subscriptions_canceled_has_time CHECK (((status <> 'canceled'::public.subscription_status) OR (canceled_at IS NOT NULL))),
    CONSTRAINT ck_subscriptions_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT ck_subscriptions_period_order CHECK ((current_period_end > current_period_start)),
    CONSTRAINT ck_subscriptions_unit_amount_not_negative CHECK ((unit_amount >= (0)::numeric))
);

CREATE TABLE IF NOT EXISTS public.support_tickets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    number bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 1000) NOT NULL,
    user_id uuid NOT NULL,
    assigned_to uuid,
    subject text NOT NULL,
    body text NOT NULL,
    status public.ticket_status DEFAULT 'open'::public.ticket_status NOT NULL,
    priority public.ticket_priority DEFAULT 'normal'::public.ticket_priority NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT pk_support_tickets PRIMARY KEY (id),
    CONSTRAINT uq_support_tickets_number UNIQUE (number),
    CONSTRAINT ck_support_tickets_resolved_after_created CHECK ((resolved_at >= created_at)),
    CONSTRAINT ck_support_tickets_resolved_has_time CHECK (((status = ANY (ARRAY['resolved'::public.ticket_status, 'closed'::public.ticket_status])) = (resolved_at IS NOT NULL))),
    CONSTRAINT ck_support_tickets_subject_not_empty CHECK ((subject <> ''::text))
);

CREATE TABLE IF NOT EXISTS public.usage_logs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    user_id uuid NOT NULL,
    api_key_id uuid,
    endpoint text NOT NULL,
    method text NOT NULL,
    status_code smallint NOT NULL,
    response_time_ms integer NOT NULL,
    cost numeric(12,6) DEFAULT 0 NOT NULL,
    CONSTRAINT pk_usage_logs PRIMARY KEY (id, created_at),
    CONSTRAINT ck_usage_logs_cost_not_negative CHECK ((cost >= (0)::numeric)),
    CONSTRAINT ck_usage_logs_response_time_not_negative CHECK ((response_time_ms >= 0)),
    CONSTRAINT ck_usage_logs_status_code_range CHECK (((status_code >= 100) AND (status_code <= 599)))
);

CREATE TABLE IF NOT EXISTS public.user_usage_summary (
    user_id uuid NOT NULL,
    total_requests bigint NOT NULL,
    total_cost numeric NOT NULL,
    last_request timestamp with time zone NOT NULL,
    CONSTRAINT pk_user_usage_summary PRIMARY KEY (user_id)
);

CREATE TABLE IF NOT EXISTS public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email text NOT NULL,
    password_hash text,
    full_name text,
    company text,
    role public.user_role DEFAULT 'user'::public.user_role NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    email_verified_at timestamp with time zone,
    stripe_customer_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    preferred_currency text,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_email UNIQUE (email),
    CONSTRAINT uq_users_stripe_customer_id UNIQUE (stripe_customer_id),
    CONSTRAINT ck_users_email_form CHECK (((email = lower(email)) AND (email ~ '^[^@ ]+@[^@ ]+$'::text))),
    CONSTRAINT ck_users_password_hash_form CHECK ((password_hash ~ '^[$][a-z0-9-]+[$]'::text))
);

CREATE TABLE IF NOT EXISTS public.variable_mapping (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    provider text NOT NULL,
    provider_variable text NOT NULL,
    unit text NOT NULL,
    scale_factor numeric(14,6) DEFAULT 1 NOT NULL,
    add_offset numeric(14,6) DEFAULT 0 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_variable_mapping PRIMARY KEY (id),
    CONSTRAINT uq_variable_mapping_name_provider UNIQUE (name, provider),
    CONSTRAINT uq_variable_mapping_provider_provider_variable UNIQUE (provider, provider_variable),
    CONSTRAINT ck_variable_mapping_scale_factor_not_zero CHECK ((scale_factor <> (0)::numeric))
);

CREATE TABLE IF NOT EXISTS public.weather_requests (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    api_key_id uuid,
    endpoint text NOT NULL,
    latitude numeric(8,5) NOT NULL,
    longitude numeric(8,5) NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    provider text NOT NULL,
    success boolean NOT NULL,
    error_code text,
    cache_hit boolean DEFAULT false NOT NULL,
    response_time_ms integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_weather_requests PRIMARY KEY (id),
    CONSTRAINT ck_weather_requests_failure_has_code CHECK ((success = (error_code IS NULL))),
    CONSTRAINT ck_weather_requests_latitude_range CHECK (((latitude >= ('-90'::integer)::numeric) AND (latitude <= (90)::numeric))),
    CONSTRAINT ck_weather_requests_longitude_range CHECK (((longitude >= ('-180'::integer)::numeric) AND (longitude <= (180)::numeric))),
    CONSTRAINT ck_weather_requests_response_time_not_negative CHECK ((response_time_ms >= 0))
);

DO $pgwright$ BEGIN
ALTER TABLE public.api_keys ADD CONSTRAINT fk_api_keys_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.invoices ADD CONSTRAINT fk_invoices_currency_currency_config FOREIGN KEY (currency) REFERENCES public.currency_config(code);
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.invoices ADD CONSTRAINT fk_invoices_subscription_id_subscriptions FOREIGN KEY (subscription_id) REFERENCES public.subscriptions(id) ON DELETE RESTRICT;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.invoices ADD CONSTRAINT fk_invoices_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE RESTRICT;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.pricing_config ADD CONSTRAINT fk_pricing_config_created_by_users FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.pricing_config ADD CONSTRAINT fk_pricing_config_currency_currency_config FOREIGN KEY (currency) REFERENCES public.currency_config(code);
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.subscriptions ADD CONSTRAINT fk_subscriptions_currency_currency_config FOREIGN KEY (currency) REFERENCES public.currency_config(code);
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.subscriptions ADD CONSTRAINT fk_subscriptions_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE RESTRICT;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.support_tickets ADD CONSTRAINT fk_support_tickets_assigned_to_users FOREIGN KEY (assigned_to) REFERENCES public.users(id) ON DELETE SET NULL;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.support_tickets ADD CONSTRAINT fk_support_tickets_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.usage_logs ADD CONSTRAINT fk_usage_logs_api_key_id_api_keys FOREIGN KEY (api_key_id) REFERENCES public.api_keys(id) ON DELETE SET NULL;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.usage_logs ADD CONSTRAINT fk_usage_logs_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.users ADD CONSTRAINT fk_users_preferred_currency_currency_config FOREIGN KEY (preferred_currency) REFERENCES public.currency_config(code);
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.weather_requests ADD CONSTRAINT fk_weather_requests_api_key_id_api_keys FOREIGN KEY (api_key_id) REFERENCES public.api_keys(id) ON DELETE SET NULL;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

DO $pgwright$ BEGIN
ALTER TABLE public.weather_requests ADD CONSTRAINT fk_weather_requests_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
EXCEPTION WHEN duplicate_object OR duplicate_table OR duplicate_column OR duplicate_function OR invalid_table_definition OR unique_violation THEN NULL;
END $pgwright$;

CREATE INDEX IF NOT EXISTS idx_api_keys_user_id ON public.api_keys USING btree (user_id);

CREATE INDEX IF NOT EXISTS idx_audit_logs_activity_timestamp ON public.audit_logs USING btree (activity_type, "timestamp");

CREATE INDEX IF NOT EXISTS idx_audit_logs_timestamp ON public.audit_logs USING btree ("timestamp");

CREATE INDEX IF NOT EXISTS idx_audit_logs_user_id_timestamp ON public.audit_logs USING btree (user_id, "timestamp");

CREATE UNIQUE INDEX IF NOT EXISTS uq_currency_config_base ON public.currency_config USING btree (is_base) WHERE is_base;

CREATE INDEX IF NOT EXISTS idx_invoices_currency ON public.invoices USING btree (currency);

CREATE INDEX IF NOT EXISTS idx_invoices_open_due_at ON public.invoices USING btree (due_at) WHERE (status = 'open'::public.invoice_status);

CREATE INDEX IF NOT EXISTS idx_invoices_subscription_id ON public.invoices USING btree (subscription_id);

CREATE INDEX IF NOT EXISTS idx_invoices_user_id_issued_at ON public.invoices USING btree (user_id, issued_at);

CREATE INDEX IF NOT EXISTS idx_performance_metrics_metric_name_recorded_at ON public.performance_metrics USING btree (metric_name, recorded_at);

CREATE INDEX IF NOT EXISTS idx_pricing_config_created_by ON public.pricing_config USING btree (created_by);

CREATE INDEX IF NOT EXISTS idx_pricing_config_currency ON public.pricing_config USING btree (currency);

CREATE INDEX IF NOT EXISTS idx_security_events_event_type_detected_at ON public.security_events USING btree (event_type, detected_at);

CREATE INDEX IF NOT EXISTS idx_security_events_unresolved ON public.security_events USING btree (severity, detected_at) WHERE (resolved_at IS NULL);

CREATE INDEX IF NOT EXISTS idx_subscriptions_currency ON public.subscriptions USING btree (currency);

CREATE INDEX IF NOT EXISTS idx_subscriptions_user_id ON public.subscriptions USING btree (user_id);

CREATE UNIQUE INDEX IF NOT EXISTS uq_subscriptions_running_user_id ON public.subscriptions USING btree (user_id) WHERE (status <> 'canceled'::public.subscription_status);

CREATE INDEX IF NOT EXISTS idx_support_tickets_assigned_to ON public.support_tickets USING btree (assigned_to);

CREATE INDEX IF NOT EXISTS idx_support_tickets_status_priority_created_at ON public.support_tickets USING btree (status, priority, created_at);

CREATE INDEX IF NOT EXISTS idx_support_tickets_user_id ON public.support_tickets USING btree (user_id);

CREATE INDEX IF NOT EXISTS idx_usage_logs_api_key_id ON public.usage_logs USING btree (api_key_id);

CREATE INDEX IF NOT EXISTS idx_usage_logs_created_at_user_id ON public.usage_logs USING btree (created_at, user_id);

CREATE INDEX IF NOT EXISTS idx_usage_logs_user_id_created_at ON public.usage_logs USING btree (user_id, created_at);

CREATE INDEX IF NOT EXISTS idx_users_preferred_currency ON public.users USING btree (preferred_currency);

CREATE INDEX IF NOT EXISTS idx_weather_requests_api_key_id ON public.weather_requests USING btree (api_key_id);

CREATE INDEX IF NOT EXISTS idx_weather_requests_timestamp ON public.weather_requests USING btree (created_at) WHERE success;

CREATE INDEX IF NOT EXISTS idx_weather_requests_user_id_created_at ON public.weather_requests USING btree (user_id, created_at);

CREATE SCHEMA IF NOT EXISTS pgwright;
CREATE TABLE IF NOT EXISTS pgwright.policy (
    relation regclass NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    definition jsonb NOT NULL,
    floor timestamptz,
    late bigint NOT NULL DEFAULT 0,
    ran_at timestamptz,
    error text,
    PRIMARY KEY (relation, kind, name)
);
INSERT INTO pgwright.policy (relation, kind, name, definition) VALUES ('public.audit_logs'::regclass, 'time_series', 'time_series', '{"ahead": 3, "column": "timestamp", "interval": "1 month", "suffix": "YYYY_MM", "zone": "UTC"}'::jsonb)
ON CONFLICT (relation, kind, name) DO UPDATE SET definition = EXCLUDED.definition;

CREATE SCHEMA IF NOT EXISTS pgwright;
DO $pgwright$ BEGIN
IF to_regclass('pgwright.public_user_usage_summary_log') IS NULL THEN
    CREATE TABLE pgwright.public_user_usage_summary_log WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000) AS SELECT user_id, false AS everything FROM public.user_usage_summary WITH NO DATA;
    ALTER TABLE pgwright.public_user_usage_summary_log REPLICA IDENTITY FULL;
END IF;
END $pgwright$;
CREATE OR REPLACE FUNCTION pgwright.public_user_usage_summary_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $pgwright$
BEGIN
    IF TG_LEVEL = 'ROW' AND TG_OP = 'INSERT' THEN
        INSERT INTO pgwright.public_user_usage_summary_log (user_id) SELECT DISTINCT user_id FROM (SELECT NEW.*) AS new_rows;
    ELSIF TG_LEVEL = 'ROW' THEN
        INSERT INTO pgwright.public_user_usage_summary_log (user_id) SELECT DISTINCT user_id FROM (SELECT OLD.*) AS old_rows;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO pgwright.public_user_usage_summary_log (user_id) SELECT DISTINCT user_id FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO pgwright.public_user_usage_summary_log (user_id) SELECT DISTINCT user_id FROM old_rows;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO pgwright.public_user_usage_summary_log (user_id) SELECT user_id FROM old_rows UNION SELECT user_id FROM new_rows;
    ELSE
        INSERT INTO pgwright.public_user_usage_summary_log (everything) VALUES (true);
    END IF;
    RETURN NULL;
END $pgwright$;
DROP TRIGGER IF EXISTS pgwright_user_usage_summary_insert ON public.usage_logs;
CREATE TRIGGER pgwright_user_usage_summary_insert AFTER INSERT ON public.usage_logs REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgwright.public_user_usage_summary_note();
DROP TRIGGER IF EXISTS pgwright_user_usage_summary_update ON public.usage_logs;
CREATE TRIGGER pgwright_user_usage_summary_update AFTER UPDATE ON public.usage_logs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgwright.public_user_usage_summary_note();
DROP TRIGGER IF EXISTS pgwright_user_usage_summary_delete ON public.usage_logs;
CREATE TRIGGER pgwright_user_usage_summary_delete AFTER DELETE ON public.usage_logs REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pgwright.public_user_usage_summary_note();
DROP TRIGGER IF EXISTS pgwright_user_usage_summary_truncate ON public.usage_logs;
CREATE TRIGGER pgwright_user_usage_summary_truncate AFTER TRUNCATE ON public.usage_logs FOR EACH STATEMENT EXECUTE FUNCTION pgwright.public_user_usage_summary_note();
DO $pgwright$
DECLARE partition regclass;
BEGIN
FOR partition IN SELECT t.relid FROM pg_partition_tree('public.usage_logs') AS t WHERE t.level > 0 LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS pgwright_user_usage_summary_insert ON %s', partition);
    EXECUTE format('CREATE TRIGGER pgwright_user_usage_summary_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgwright.public_user_usage_summary_note()', partition);
    EXECUTE format('DROP TRIGGER IF EXISTS pgwright_user_usage_summary_update ON %s', partition);
    EXECUTE format('CREATE TRIGGER pgwright_user_usage_summary_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgwright.public_user_usage_summary_note()', partition);
    EXECUTE format('DROP TRIGGER IF EXISTS pgwright_user_usage_summary_delete ON %s', partition);
    EXECUTE format('CREATE TRIGGER pgwright_user_usage_summary_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pgwright.public_user_usage_summary_note()', partition);
    EXECUTE format('DROP TRIGGER IF EXISTS pgwright_user_usage_summary_truncate ON %s', partition);
    EXECUTE format('CREATE TRIGGER pgwright_user_usage_summary_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION pgwright.public_user_usage_summary_note()', partition);
END LOOP;
END $pgwright$;

INSERT INTO pgwright.public_user_usage_summary_log (everything) VALUES (true);

CREATE SCHEMA IF NOT EXISTS pgwright;
CREATE TABLE IF NOT EXISTS pgwright.policy (
    relation regclass NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    definition jsonb NOT NULL,
    floor timestamptz,
    late bigint NOT NULL DEFAULT 0,
    ran_at timestamptz,
    error text,
    PRIMARY KEY (relation, kind, name)
);
INSERT INTO pgwright.policy (relation, kind, name, definition) VALUES ('public.usage_logs'::regclass, 'rollup', 'user_usage_summary', '{"adopts": true, "aggregates": [["total_requests", "count(*)"], ["total_cost", "sum(cost)"], ["last_request", "max(created_at)"]], "bucket": "", "bucket_column": "bucket", "by": "", "column": "", "group_by": ["user_id"], "joins": [], "realtime": false, "refresh": "1 hour", "retain": "", "where": "", "zone": ""}'::jsonb)
ON CONFLICT (relation, kind, name) DO UPDATE SET definition = EXCLUDED.definition;

CREATE SCHEMA IF NOT EXISTS pgwright;
CREATE TABLE IF NOT EXISTS pgwright.policy (
    relation regclass NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    definition jsonb NOT NULL,
    floor timestamptz,
    late bigint NOT NULL DEFAULT 0,
    ran_at timestamptz,
    error text,
    PRIMARY KEY (relation, kind, name)
);
INSERT INTO pgwright.policy (relation, kind, name, definition) VALUES ('public.audit_logs'::regclass, 'retention', 'retention', '{"archive": "", "by": "", "column": "", "keep": "6 months"}'::jsonb)
ON CONFLICT (relation, kind, name) DO UPDATE SET definition = EXCLUDED.definition;

CREATE SCHEMA IF NOT EXISTS pgwright;
CREATE TABLE IF NOT EXISTS pgwright.policy (
    relation regclass NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    definition jsonb NOT NULL,
    floor timestamptz,
    late bigint NOT NULL DEFAULT 0,
    ran_at timestamptz,
    error text,
    PRIMARY KEY (relation, kind, name)
);
INSERT INTO pgwright.policy (relation, kind, name, definition) VALUES ('public.usage_logs'::regclass, 'retention', 'retention', '{"archive": "", "by": "", "column": "created_at", "keep": "1 year"}'::jsonb)
ON CONFLICT (relation, kind, name) DO UPDATE SET definition = EXCLUDED.definition;

COMMENT ON TABLE public.api_keys IS 'API keys; only a hash of the secret is stored';

COMMENT ON TABLE public.audit_logs IS 'Audit trail of the whole system';

COMMENT ON TABLE public.currency_config IS 'Currencies and their rates to the base currency';

COMMENT ON TABLE public.invoices IS 'Invoices and their Stripe identity';

COMMENT ON TABLE public.performance_metrics IS 'Measurements of the API''s hosts';

COMMENT ON TABLE public.pricing_config IS 'Prices per call by endpoint, plan and currency';

COMMENT ON TABLE public.security_events IS 'Security incidents';

COMMENT ON TABLE public.subscriptions IS 'Subscription plans and their Stripe identity';

COMMENT ON TABLE public.support_tickets IS 'Customer support';

COMMENT ON TABLE public.usage_logs IS 'API calls with their cost in the base currency';

COMMENT ON TABLE public.user_usage_summary IS 'Calls and cost of each user, kept by pgwright policy run';

COMMENT ON TABLE public.users IS 'Customers and administrators';

COMMENT ON TABLE public.variable_mapping IS 'Names and units of weather variables by provider';

COMMENT ON TABLE public.weather_requests IS 'Weather requests with place, parameters and outcome';

