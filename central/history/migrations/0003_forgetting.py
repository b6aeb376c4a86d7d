"""A person can be forgotten without breaking a chain: hashes cover the hash of a ciphertext, not the ciphertext.

history_sealed puts in place of each ciphertext ("\\x…", as bytea reads in JSON) "#" and its sha256; what is sealed
already stays. history_digest looks at the sealed values, so a change hashes alike before and after, and
history_stands lets through this one change and no other. What was written before is hashed anew, once.

Rows inserted while rialto.new_rows is 'untold' are no change (`central.history.actions.new_rows_untold`).
"""

from django.db import migrations

MAKE = r"""
CREATE OR REPLACE FUNCTION history_sealed(part jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE
        WHEN jsonb_typeof(value) = 'string' AND starts_with(value #>> '{}', E'\\x')
        THEN to_jsonb('#' || encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex')) ELSE value END), '{}')
    FROM jsonb_each(part);
$$;

CREATE OR REPLACE FUNCTION history_digest(c history_change) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(c.prev_hash || convert_to(jsonb_build_array(
        c.kind, c.key, c.record_kind, c.record_key, c.site, c.op, extract(epoch FROM c.at)::text,
        c.who, c.as_whom, c.address, c.request, history_sealed(c.before), history_sealed(c.after))::text, 'UTF8'));
$$;

CREATE OR REPLACE FUNCTION history_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.before = history_sealed(OLD.before) AND NEW.after = history_sealed(OLD.after)
       AND to_jsonb(NEW) - 'before' - 'after' = to_jsonb(OLD) - 'before' - 'after' THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'history cannot be changed' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE FUNCTION history_is_told() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('rialto.new_rows', true), '') <> 'untold';
$$;

DO $$
DECLARE
    c history_change;
BEGIN
    ALTER TABLE history_change DISABLE TRIGGER history_stands;
    FOR c IN SELECT * FROM history_change ORDER BY id LOOP
        SELECT hash INTO c.prev_hash FROM history_change
            WHERE kind = c.kind AND key = c.key AND id < c.id ORDER BY id DESC LIMIT 1;
        c.prev_hash := coalesce(c.prev_hash, '');
        UPDATE history_change SET prev_hash = c.prev_hash, hash = history_digest(c) WHERE id = c.id;
    END LOOP;
    ALTER TABLE history_change ENABLE TRIGGER history_stands;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("history", "0002_triggers")]
    operations = [migrations.RunSQL(MAKE, migrations.RunSQL.noop)]
