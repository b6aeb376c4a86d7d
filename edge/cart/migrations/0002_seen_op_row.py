from django.db import migrations


class Migration(migrations.Migration):
    """An op is found in the outbox by its row: its number changes when a node joins anew."""

    dependencies = [("edge_cart", "0001_initial")]

    operations = [migrations.RenameField(model_name="seenop", old_name="n", new_name="row")]
