-- The extension uuid-ossp in PostgreSQL's own languages, for servers whose system lacks the library that its
-- module is linked with. Same functions, same results: random and time-based values of the right version, and
-- the values of RFC 9562 for names (MD5 is built in, SHA-1 is spelt out as in FIPS 180-4).
-- since: 13
-- columns: none
CREATE FUNCTION uuid_nil() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$SELECT '00000000-0000-0000-0000-000000000000'::uuid$$;

CREATE FUNCTION uuid_ns_dns() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid$$;

CREATE FUNCTION uuid_ns_url() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$SELECT '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid$$;

CREATE FUNCTION uuid_ns_oid() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$SELECT '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid$$;

CREATE FUNCTION uuid_ns_x500() RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$SELECT '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid$$;

CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid
VOLATILE STRICT PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    -- 100 ns since 15 October 1582; the last digit of four is random, as the clock counts microseconds.
    ticks bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 10
                    + floor(random() * 10)::bigint + 122192928000000000;
    noise text := replace(gen_random_uuid()::text, '-', '');
    digits text := lpad(to_hex(ticks), 15, '0');
BEGIN
    RETURN (substr(digits, 8) || substr(digits, 4, 4) || '1' || left(digits, 3)
            -- Variant and clock sequence, then a node with the multicast bit, which no network card has.
            || substr(noise, 17, 4)
            || lpad(to_hex(('x' || substr(noise, 21, 2))::bit(8)::integer | 1), 2, '0') || substr(noise, 23))::uuid;
END$$;

CREATE FUNCTION uuid_generate_v1() RETURNS uuid
VOLATILE STRICT PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    ticks bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 10
                    + floor(random() * 10)::bigint + 122192928000000000;
    digits text := lpad(to_hex(ticks), 15, '0');
    -- One node for a server, as a network card would give it.
    node text := md5((SELECT system_identifier FROM pg_control_system())::text);
BEGIN
    RETURN (substr(digits, 8) || substr(digits, 4, 4) || '1' || left(digits, 3)
            || substr(replace(gen_random_uuid()::text, '-', ''), 17, 4)
            || lpad(to_hex(('x' || left(node, 2))::bit(8)::integer | 1), 2, '0') || substr(node, 3, 10))::uuid;
END$$;

CREATE FUNCTION uuid_generate_v4() RETURNS uuid
VOLATILE STRICT PARALLEL SAFE LANGUAGE sql AS $$SELECT pg_catalog.gen_random_uuid()$$;

CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    digest bytea := decode(md5(uuid_send(namespace) || convert_to(name, 'UTF8')), 'hex');
BEGIN
    digest := set_byte(digest, 6, (get_byte(digest, 6) & 15) | 48);
    digest := set_byte(digest, 8, (get_byte(digest, 8) & 63) | 128);
    RETURN encode(digest, 'hex')::uuid;
END$$;

CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    mask CONSTANT bigint := 4294967295;
    message bytea := uuid_send(namespace) || convert_to(name, 'UTF8');
    size bigint := length(message);
    h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; x bigint;
    digest bytea;
BEGIN
    message := message || '\x80'::bytea || decode(repeat('00', ((119 - size % 64) % 64)::integer), 'hex')
               || int8send(size * 8);
    FOR block IN 0 .. length(message) / 64 - 1 LOOP
        FOR t IN 0 .. 79 LOOP
            IF t < 16 THEN
                w[t] := ('x' || encode(substr(message, block * 64 + t * 4 + 1, 4), 'hex'))::bit(32)::bigint;
            ELSE
                x := w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16];
                w[t] := ((x << 1) | (x >> 31)) & mask;
            END IF;
        END LOOP;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        FOR t IN 0 .. 79 LOOP
            IF t < 20 THEN
                f := (b & c) | ((~ b) & mask & d); k := 1518500249;
            ELSIF t < 40 THEN
                f := b # c # d; k := 1859775393;
            ELSIF t < 60 THEN
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            ELSE
                f := b # c # d; k := 3395469782;
            END IF;
            x := ((((a << 5) | (a >> 27)) & mask) + f + e + k + w[t]) & mask;
            e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := x;
        END LOOP;
        h := ARRAY[(h[1] + a) & mask, (h[2] + b) & mask, (h[3] + c) & mask, (h[4] + d) & mask, (h[5] + e) & mask];
    END LOOP;
    digest := substr(int8send(h[1]), 5) || substr(int8send(h[2]), 5) || substr(int8send(h[3]), 5)
              || substr(int8send(h[4]), 5);
    digest := set_byte(digest, 6, (get_byte(digest, 6) & 15) | 80);
    digest := set_byte(digest, 8, (get_byte(digest, 8) & 63) | 128);
    RETURN encode(digest, 'hex')::uuid;
END$$;
