"""The database itself keeps events append-only and hands every new one to the sealer."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER ledger_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_ledgerevent
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_block_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_ledgerblock
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE FUNCTION ledger_hand_to_sealer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_pendingevent (event_id) SELECT id FROM added;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_event_pending AFTER INSERT ON ledger_ledgerevent
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_hand_to_sealer();
"""

BACKWARD = """
DROP TRIGGER ledger_event_pending ON ledger_ledgerevent;
DROP FUNCTION ledger_hand_to_sealer();
DROP TRIGGER ledger_block_append_only ON ledger_ledgerblock;
DROP TRIGGER ledger_event_append_only ON ledger_ledgerevent;
DROP FUNCTION ledger_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_events_and_blocks")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
