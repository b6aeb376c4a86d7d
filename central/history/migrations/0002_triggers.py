"""The functions behind the history: what writes it, what its hashes cover, and what keeps it as it is.

Arguments of history_record: kind, key column, record kind, record key column, site column, watched columns, personal
columns (the two last separated by commas).
"""

from django.db import migrations

MAKE = """
CREATE FUNCTION history_digest(c history_change) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(c.prev_hash || convert_to(jsonb_build_array(
        c.kind, c.key, c.record_kind, c.record_key, c.site, c.op, extract(epoch FROM c.at)::text,
        c.who, c.as_whom, c.address, c.request, c.before, c.after)::text, 'UTF8'));
$$;

CREATE FUNCTION history_part(whole jsonb, wanted text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(whole) WHERE key = ANY (wanted);
$$;

CREATE FUNCTION history_masked(part jsonb, personal text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE
        WHEN key = ANY (personal) AND value NOT IN ('null', '""') THEN '"•"' ELSE value END), '{}')
    FROM jsonb_each(part);
$$;

CREATE FUNCTION history_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_row jsonb := '{}';
    new_row jsonb := '{}';
    one_row jsonb;
    watched text[] := string_to_array(TG_ARGV[5], ',');
    personal text[] := string_to_array(TG_ARGV[6], ',');
    actor jsonb := coalesce(nullif(current_setting('rialto.actor', true), ''), '{}')::jsonb;
    c history_change;
BEGIN
    IF TG_OP <> 'INSERT' THEN old_row := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN new_row := to_jsonb(NEW); END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT coalesce(array_agg(name), '{}') INTO watched
            FROM unnest(watched) AS name WHERE old_row -> name IS DISTINCT FROM new_row -> name;
        IF watched = '{}' THEN RETURN NULL; END IF;
    END IF;
    one_row := CASE WHEN TG_OP = 'DELETE' THEN old_row ELSE new_row END;
    c.id := nextval(pg_get_serial_sequence('history_change', 'id'));
    c.kind := TG_ARGV[0];
    c.key := one_row ->> TG_ARGV[1];
    c.record_kind := TG_ARGV[2];
    c.record_key := coalesce(one_row ->> TG_ARGV[3], '');
    c.site := CASE WHEN TG_ARGV[4] = '' THEN '' ELSE coalesce(one_row ->> TG_ARGV[4], '') END;
    c.op := left(TG_OP, 1);
    c.at := clock_timestamp();
    c.who := coalesce(actor ->> 'who', '');
    c.as_whom := coalesce(actor ->> 'as_whom', '');
    c.address := coalesce(actor ->> 'address', '');
    c.request := coalesce(actor ->> 'request', '');
    c.before := history_masked(history_part(old_row, watched), personal);
    c.after := history_masked(history_part(new_row, watched), personal);
    -- The row itself is locked by this very change, so nobody else adds to its chain now.
    SELECT hash INTO c.prev_hash FROM history_change WHERE kind = c.kind AND key = c.key ORDER BY id DESC LIMIT 1;
    c.prev_hash := coalesce(c.prev_hash, '');
    c.hash := history_digest(c);
    INSERT INTO history_change SELECT c.*;
    RETURN NULL;
END $$;

CREATE FUNCTION history_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history cannot be changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER history_stands BEFORE UPDATE OR DELETE ON history_change
    FOR EACH ROW EXECUTE FUNCTION history_stands();
"""
UNMAKE = """
DROP TRIGGER history_stands ON history_change;
DROP FUNCTION history_stands();
DROP FUNCTION history_record() CASCADE;
DROP FUNCTION history_masked(jsonb, text[]);
DROP FUNCTION history_part(jsonb, text[]);
DROP FUNCTION history_digest(history_change);
"""


class Migration(migrations.Migration):
    dependencies = [("history", "0001_initial")]
    operations = [migrations.RunSQL(MAKE, UNMAKE)]
