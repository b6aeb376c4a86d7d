"""A value in the history can be encrypted anew without breaking a chain, and encrypting a column anew is no change.

A value may stand as "#<sha256 of what was written>:\\x<encrypted anew>" (`central.history.stored`); history_sealed
takes that for "#<sha256>", so the hashes stay. history_stands lets through what leaves all hashes as they were.

While rialto.rekeying is 'on', a change of nothing but ciphertexts is not told: what they say is the same.
"""

from django.db import migrations

MAKE = r"""
CREATE OR REPLACE FUNCTION history_sealed(part jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE
        WHEN jsonb_typeof(value) = 'string' AND starts_with(value #>> '{}', E'\\x')
        THEN to_jsonb('#' || encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex'))
        WHEN jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^#[0-9a-f]{64}:\\x[0-9a-f]*$'
        THEN to_jsonb(left(value #>> '{}', 65)) ELSE value END), '{}')
    FROM jsonb_each(part);
$$;

CREATE OR REPLACE FUNCTION history_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND history_sealed(NEW.before) = history_sealed(OLD.before)
       AND history_sealed(NEW.after) = history_sealed(OLD.after)
       AND to_jsonb(NEW) - 'before' - 'after' = to_jsonb(OLD) - 'before' - 'after' THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'history cannot be changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE FUNCTION history_only_rekeyed(old_row jsonb, new_row jsonb, changed text[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('rialto.rekeying', true), '') = 'on' AND NOT EXISTS (
        SELECT FROM unnest(changed) AS name
        WHERE coalesce(NOT starts_with(old_row ->> name, E'\\x') OR NOT starts_with(new_row ->> name, E'\\x'), true));
$$;
"""

# The function of 0002 with one line more.
RECORD = r"""
CREATE OR REPLACE FUNCTION history_record() RETURNS trigger LANGUAGE plpgsql AS $$
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
        IF watched = '{}' OR history_only_rekeyed(old_row, new_row, watched) THEN RETURN NULL; END IF;
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
"""


class Migration(migrations.Migration):
    dependencies = [("history", "0003_forgetting")]
    operations = [migrations.RunSQL(MAKE + RECORD, migrations.RunSQL.noop)]
