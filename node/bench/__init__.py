"""Measured figures, each with the machine's limits measured in the same run.

Drivers are processes of their own that speak HTTP to a cluster started for the measurement in a scratch directory;
they know no Django and import no role.
"""
