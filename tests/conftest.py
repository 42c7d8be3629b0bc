import os

# Before torch is imported: two workers on two cores, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# Speed is for benchmarks: a machine that is busy must not make a property fail.
settings.register_profile("ogive", deadline=None)
settings.load_profile("ogive")
