"""The database itself refuses to change or delete a decision, whoever asks."""

from django.db import migrations

_REFUSED = "a decision is neither changed nor deleted"

_SQLITE = [
    f"""CREATE TRIGGER decision_{what.lower()} BEFORE {what} ON audit_decision
        BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"""
    for what in ("UPDATE", "DELETE")
]
_POSTGRESQL = [
    f"""CREATE FUNCTION refuse_decision_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$""",
    """CREATE TRIGGER decision_change BEFORE UPDATE OR DELETE ON audit_decision
        FOR EACH ROW EXECUTE FUNCTION refuse_decision_change()""",
    """CREATE TRIGGER decision_truncate BEFORE TRUNCATE ON audit_decision
        EXECUTE FUNCTION refuse_decision_change()""",
]
_SQLITE_BACK = [
    "DROP TRIGGER decision_update",
    "DROP TRIGGER decision_delete",
]
_POSTGRESQL_BACK = [
    "DROP TRIGGER decision_change ON audit_decision",
    "DROP TRIGGER decision_truncate ON audit_decision",
    "DROP FUNCTION refuse_decision_change()",
]


def forwards(apps, schema_editor):
    for statement in _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRESQL:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in _SQLITE_BACK if sqlite else _POSTGRESQL_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
