from django.db import migrations


# Tables that fill and empty within minutes. PostgreSQL would count their rows anew only
# after a tenth of all there ever were had changed, and plan a claim for an empty queue.
TABLES = ("inboundmessage", "outboundmessage")
SETTINGS = {"autovacuum_analyze_scale_factor": "0", "autovacuum_analyze_threshold": "1000"}


def analyze_often(apps, schema_editor):
    settings = ", ".join(f"{name} = {value}" for name, value in SETTINGS.items())
    _alter(schema_editor, f"SET ({settings})")


def analyze_as_usual(apps, schema_editor):
    _alter(schema_editor, f"RESET ({', '.join(SETTINGS)})")


def _alter(schema_editor, change):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(
                f"ALTER TABLE wagtail_sms_automation_{table} {change}"
            )


class Migration(migrations.Migration):

    dependencies = [("wagtail_sms_automation", "0002_delivery_core")]

    operations = [migrations.RunPython(analyze_often, analyze_as_usual)]
