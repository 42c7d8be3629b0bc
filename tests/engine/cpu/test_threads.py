"""Regions on torch's threads: as many as torch has, each share once, and safe to interrupt."""

import ctypes
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from handmade import COUNT, cells, printed

from ogive.engine.cpu import compiler, threads

#: Elsewhere torch's wheels bring another OpenMP library, which speaks another dialect.
linux = pytest.mark.skipif(sys.platform != "linux", reason="torch has GNU OpenMP on Linux only")


@pytest.fixture
def count():
    return compiler.load(COUNT, "count").address("count")


@pytest.fixture(autouse=True)
def as_many_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def run(pool, address, asked):
    made = cells()
    pool(address, asked, ctypes.addressof(made))
    return list(made[:8])


@pytest.fixture(params=[pytest.param("openmp", marks=linux), "python"])
def pool(request):
    if request.param == "python":
        return threads.PythonThreads()
    library = threads.openmp()
    assert library is not None  # on Linux it is there, or kernels would silently lose torch's pool
    return threads.launcher(library)


@pytest.mark.parametrize("number", [1, 2])
def test_as_many_threads_as_torch_has(number, count):
    torch.set_num_threads(number)
    assert threads.workers(1_000_000) == number
    assert run(threads.pool(), count, threads.workers(1_000_000)) == [number] * number + [0] * (
        8 - number
    )


@pytest.mark.parametrize("asked", [0, 1])
def test_one_thread_does_all(asked, pool, count):
    assert run(pool, count, asked) == [1] + [0] * 7


@pytest.mark.parametrize("asked", [2, 3, 8])
def test_each_thread_does_its_share(asked, pool, count):
    assert run(pool, count, asked) == [asked] * asked + [0] * (8 - asked)


@linux
def test_the_pool_is_torchs_own():
    library = threads.openmp()
    for number in (1, 2, 3):
        torch.set_num_threads(number)
        assert library.omp_get_max_threads() == number
    assert not isinstance(threads.pool(), threads.PythonThreads)


def test_without_such_a_library_pythons_threads_do_it(monkeypatch, count):
    monkeypatch.setattr(threads, "openmp", lambda: None)
    monkeypatch.setattr(threads, "pool", threads.pool.__wrapped__)
    assert isinstance(threads.pool(), threads.PythonThreads)
    assert run(threads.pool(), count, 2) == [2, 2] + [0] * 6


def test_a_library_that_is_no_openmp_is_passed_over(monkeypatch):
    monkeypatch.setattr(threads.ctypes, "CDLL", lambda name: object())
    assert threads.openmp() is None


def test_python_threads_run_at_once(pool, count):
    """Eight callers, each with shares on several threads."""

    def work(_):
        return [run(pool, count, 2) for _ in range(50)]

    with ThreadPoolExecutor(8) as callers:
        made = list(callers.map(work, range(8)))
    assert made == [[[2, 2] + [0] * 6] * 50] * 8


def test_inside_a_region_of_torchs_fewer_threads_run(count):
    """A backward pass calls kernels from a thread of torch's."""
    torch.set_num_threads(2)
    made = []

    class Call(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            made.append(run(threads.pool(), count, threads.workers(1_000_000)))
            return gradient

    Call.apply(torch.ones(3, requires_grad=True)).sum().backward()
    assert made == [[2, 2] + [0] * 6]


def test_a_share_that_comes_too_late_is_not_run(count):
    made = cells()
    region = threads._Region(count, [ctypes.addressof(made)], 2)
    region.leave()
    region.share(1)
    assert list(made[:8]) == [0] * 8


# a child ends by itself if it must wait for ever
FORK = """
import ctypes, faulthandler, os, threading, torch
from handmade import COUNT, cells
from ogive.engine.cpu import compiler, threads
address = compiler.load(COUNT).address("count")
torch.set_num_threads(2)
def run(rounds=1):
    made = cells(rounds)
    threads.pool()(address, threads.workers(1_000_000), ctypes.addressof(made))
    return list(made[:2])
def child():
    faulthandler.dump_traceback_later(60, exit=True)
    good = run() == [1, 0] and threads.workers(1_000_000) == 1
    os._exit(0 if good else 1)
assert run() == [2, 2]
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_child_of_a_fork_runs_on_one_thread():
    code = """
codes = []
for _ in range(5):
    pid = os.fork()
    if not pid:
        child()
    codes.append(os.waitpid(pid, 0)[1])
print(codes, run(), threads.workers(1_000_000))
"""
    assert printed(FORK + code, alone=False) == "[0, 0, 0, 0, 0] [2, 2] 2"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_fork_while_other_threads_run_kernels():
    code = """
stop = threading.Event()
wrong = []
def work():
    while not stop.is_set():
        if run(20_000) != [2, 2]:
            wrong.append(1)
workers = [threading.Thread(target=work) for _ in range(2)]
for worker in workers:
    worker.start()
codes = []
for _ in range(20):
    pid = os.fork()
    if not pid:
        child()
    codes.append(os.waitpid(pid, 0)[1])
stop.set()
for worker in workers:
    worker.join()
print(set(codes), wrong)
"""
    assert printed(FORK + code, alone=False) == "{0} []"


@pytest.mark.parametrize("kind", ["launcher(threads.openmp())", "PythonThreads()"])
@linux
def test_ctrl_c_during_a_kernel(kind):
    """The caller gets its KeyboardInterrupt, but only after the last thread left the memory."""
    code = f"""
import ctypes, os, random, signal, threading, torch
from handmade import COUNT, cells
from ogive.engine.cpu import compiler, threads
address = compiler.load(COUNT).address("count")
pool = threads.{kind}
random.seed(3)
def interrupt(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
wrong = interrupts = 0
for k in range(60):
    made = cells(5_000_000)
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.005))
        pool(address, 3, ctypes.addressof(made))
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupts += 1
    seen = list(made[:3])
    wrong += any(s not in (0, 3) for s in seen)  # a share is done, or never begins
    made = cells()
    pool(address, 3, ctypes.addressof(made))
    wrong += list(made[:4]) != [3, 3, 3, 0]
print(wrong, interrupts > 10)
"""
    assert printed(code, alone=False) == "0 True"


@pytest.mark.parametrize("kind", ["launcher(threads.openmp())", "PythonThreads()"])
@linux
def test_the_interpreter_ends_while_a_daemon_thread_runs_kernels(kind):
    code = f"""
import ctypes, threading
from handmade import COUNT, cells
from ogive.engine.cpu import compiler, threads
address = compiler.load(COUNT).address("count")
pool = threads.{kind}
started = threading.Event()
def work():
    while True:
        made = cells(100_000)
        pool(address, 2, ctypes.addressof(made))
        started.set()
threading.Thread(target=work, daemon=True).start()
started.wait()
print("done")
"""
    for _ in range(2):
        assert printed(code, alone=False) == "done"


def test_where_no_thread_can_be_started_the_caller_does_all(count, monkeypatch):
    pool = threads.PythonThreads()

    def refuse(*_):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(pool._executor, "submit", refuse)
    assert run(pool, count, 3) == [3, 3, 3] + [0] * 5


def test_no_share_is_done_twice(count):
    made = cells()
    region = threads._Region(count, [ctypes.addressof(made)], 2)
    region.share(1)
    made[1] = -1
    region.share(1)
    assert list(made[:2]) == [0, -1]


def test_asking_does_not_start_threads():
    before = threading.active_count()
    threads.workers(1_000_000)
    threads.PythonThreads()
    assert threading.active_count() == before
