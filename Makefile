# Two commands matter: `make run` (the main job) and `make test`. Both build .venv the first time
# and reuse it afterwards; a changed pyproject.toml or constraints.txt installs again.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
# torch comes first and pinned: a bare requirement would take the newest build with its GPU packages.
TORCH  := $(shell grep '^torch==' constraints.txt)

.PHONY: run test docs browser lint format fresh accuracy certificates saving attack claims comparisons exhaustive bench bench-models pictures monitor-faults monitor-cost coverage versions clean

run: $(VENV)/.installed
	$(BIN)/ogive study digits --seeds 15

# Each worker takes one half of the tests in their order, so that what a process keeps (proofs,
# kernels, traced programs) serves its neighbours; who is done first takes from the other.
test: $(VENV)/.developed
	$(BIN)/python -m pytest -n 2 --dist worksteal

# Builds the documentation into build/docs, a page for each activation among them (a minute). Warnings
# are errors, dangling links among them; nothing is fetched.
docs: $(VENV)/.developed
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d build/doctrees docs build/docs

# Debian's Chromium, which the tests of pages drive.
browser:
	command -v chromium || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }

lint: $(VENV)/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.developed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Rewrites everything that is generated; the tests compare it with what is committed.
fresh: $(VENV)/.developed
	$(BIN)/python tools/generate.py

# Measures every formula against mpmath and records the errors the tests hold it to (minutes).
accuracy: $(VENV)/.developed
	$(BIN)/python tools/record_accuracy.py

# Proves the certificates of the whole catalogue and writes what the package ships of them and
# docs/generated/certificates.md (two minutes).
certificates: $(VENV)/.developed
	$(BIN)/python tools/certify.py

# Derives what every entry may keep for backward and writes docs/generated/saving.md (a minute).
saving: $(VENV)/.developed
	$(BIN)/python tools/saving.py

# Looks for a point that contradicts a certificate: a million for each entry, and a local search
# from the worst of them; then draws formulas for ten minutes (--minutes, --seed) and attacks theirs.
attack: $(VENV)/.developed
	$(BIN)/python tools/certify.py --attack

# Decides every claim and writes docs/claims.md and docs/claims/ (45 minutes at most, on a quiet
# machine; an interrupted run goes on where it stopped).
claims: $(VENV)/.developed
	$(BIN)/python tools/claims.py

# Simulates thousands of comparisons: how often a verdict is false, and how often a difference that
# was planted is found (half an hour).
comparisons: $(VENV)/.developed
	$(BIN)/python tools/simulate_comparisons.py

# All of what the tests take a part of (minutes): f'' of the catalogue at all numbers of the 16-bit
# dtypes, of which they take every seventh; saving modes in three dtypes, of which they take one by
# turns; a second seed. Then f and f' of fifteen functions at all 2^32 float32 numbers (hours on two
# cores; an interrupted run goes on where it stopped).
exhaustive: $(VENV)/.developed
	$(BIN)/python -m pytest -n 2 --every-number tests/conformance/test_dtypes.py \
	  tests/conformance/test_saving.py tests/nn/test_propagate.py
	$(BIN)/python tools/exhaustive.py

# Measures the library against torch on this machine and writes docs/generated/benchmarks.md (a
# quarter of an hour; nothing else should run meanwhile).
bench: $(VENV)/.installed
	$(BIN)/python tools/benchmark.py

# Measures steps of models, untouched and accelerated, and writes docs/generated/models.md (twenty
# minutes; nothing else should run meanwhile).
bench-models: $(VENV)/.developed
	$(BIN)/python tools/benchmark_models.py

# Plants faults in small trainings, with twenty seeds, and writes docs/generated/monitor-faults.md (half
# an hour; an interrupted run goes on where it stopped).
monitor-faults: $(VENV)/.developed
	$(BIN)/python tools/monitor_faults.py

# Measures what watching adds to steps of three models, eager and compiled, and writes
# docs/generated/monitor-cost.md (half an hour; nothing else should run meanwhile).
monitor-cost: $(VENV)/.developed
	$(BIN)/python tools/monitor_cost.py

# The pictures of the README; those of the explorer are taken in a browser.
pictures: $(VENV)/.developed browser
	$(BIN)/ogive plot gelu mish -o docs/images/gelu_mish.png
	$(BIN)/ogive plot sigmoid tanh relu leaky_relu elu selu gelu silu mish hardswish softplus snake \
	  --sheet -o docs/images/sheet.png
	$(BIN)/python tools/pictures.py
	$(BIN)/python tools/screenshots.py

# Without the judge's long loops, which are slow when traced and reach no line of their own.
coverage: $(VENV)/.developed
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov=ogive --cov-report=term \
	  --ignore tests/conformance/test_accuracy.py --ignore tests/conformance/test_dtypes.py

# Runs the tests of calls under four releases of torch, each with three of Python, and writes
# docs/generated/versions.md (several GB from the registry and hours on two cores).
versions: $(VENV)/.developed
	$(BIN)/python tools/versions.py

clean:
	rm -rf $(VENV) .versions build src/*.egg-info

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ogive needs Python >= 3.11, this is " + sys.version.split()[0] + "; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: pyproject.toml constraints.txt $(VENV)/.python
	$(PIP) install --quiet $(TORCH)
	$(PIP) install --quiet --constraint constraints.txt --editable '.[study]'
	touch $@

$(VENV)/.developed: $(VENV)/.installed
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
