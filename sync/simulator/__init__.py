"""Seeded runs of a whole cluster in one thread, with an oracle outside of it. See `docs/explanation/guarantees.md`."""
