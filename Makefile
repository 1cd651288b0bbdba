# One command each. Every command makes its own environment in .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test fuzz lint audit format train bench lock pin clean

run: .venv/serves  ## serve on http://localhost:8080 with the models that the repository ships
	$(BIN)/gunicorn main:app

test: .venv/develops  ## the tests that this machine can run; ARGS='-m ""' those that take long too
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

SECONDS ?= 60
fuzz: .venv/develops  ## hostile pictures and requests for so many SECONDS; what is found is kept for the tests
	$(BIN)/python -m tests.fuzz.pictures --seconds $(SECONDS)
	SCHEMATHESIS_SECONDS=$(SECONDS) $(BIN)/python -m pytest -q -m '' tests/routes/test_openapi_conformance.py

lint: .venv/develops  ## what CI refuses
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/shellcheck .ci/run deploy/*.sh
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --persona pedantic --quiet .github

audit: .venv/develops  ## known vulnerabilities of what serves; asks pypi.org
	$(BIN)/pip-audit --disable-pip --require-hashes --requirement requirements-prod.txt

format: .venv/develops
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: .venv/develops  ## train the three models on: hours without a GPU; a run that was cut off goes on where it was
	$(BIN)/python -m app.training.train digit --start digit --steps 6000 --rate 1.5e-3 --keep 0.4
	$(BIN)/python -m app.training.train character --start character --steps 6000 --rate 1.5e-3 --keep 0.4
	$(BIN)/python -m app.training.train any --start digit --steps 6000

USUAL := benchmarks/.cache/usual-digit.keras benchmarks/.cache/usual-character.keras

bench: .venv/develops $(USUAL)  ## every figure of doc/benchmarks.md again, which takes long
	$(BIN)/python -m benchmarks.serving --write
	$(BIN)/python -m benchmarks.hostile
	$(BIN)/python -m benchmarks.feedback_faults
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.load --minutes 10
	$(BIN)/python -m benchmarks.load --dead-store
	$(BIN)/python -m benchmarks.front_end
	$(BIN)/python -m benchmarks.robustness
	$(BIN)/python -m benchmarks.not_characters
	$(BIN)/python -m benchmarks.loop character --precision mixed_bfloat16

benchmarks/.cache/usual-%.keras: | .venv/develops
	$(BIN)/python -m benchmarks.usual_training $*

LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes

lock: .venv/develops  ## renew the hashes after a change of requirements*.in; `make lock UPGRADE=--upgrade` what those need too
	$(LOCK) $(UPGRADE) requirements-prod.in --output-file requirements-prod.txt
	$(LOCK) $(UPGRADE) requirements.in --output-file requirements.txt
	$(LOCK) $(UPGRADE) benchmarks/gradio-requirements.in --output-file benchmarks/gradio-requirements.txt

pin:  ## write the digests of the base image into the Dockerfile; asks its registry
	$(PYTHON) deploy/pin.py

clean:
	rm -rf .venv

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/serves: requirements-prod.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-prod.txt
	@touch $@

.venv/develops: requirements.txt requirements-prod.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
