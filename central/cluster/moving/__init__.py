"""Moving a realm to another database while central goes on; see docs/decisions/0015-realm-move.md."""
