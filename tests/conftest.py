import os

# Before torch is imported: two workers on two cores, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")
