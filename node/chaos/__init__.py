"""`rialto chaos`: a cluster of real processes that is hurt while shoppers use it, and an oracle that forgives nothing.

plan.py       what goes wrong when, out of a seed
cluster.py    central with two web processes, three edges, each behind a link that can be spoilt (`proxy.py`)
faults.py     doing it: kills, stops, cuts, a full disk (`disk.py`), another time of day (`stepped.py`)
shoppers.py   browsers with their tabs, in a process of their own; `promises.py` is what they were promised
reads.py      what central and every edge hold, read beside them
oracle.py     promises against what is held
run.py        all of it in order, and the report
"""
