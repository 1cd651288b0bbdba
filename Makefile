# One command each. Every command makes its own environment in .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint format train bench clean

run: .venv/serves  ## serve on http://localhost:8080 with the models that the repository ships
	$(BIN)/gunicorn main:app

test: .venv/develops  ## every test that this machine can run
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: .venv/develops  ## what CI refuses
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/develops
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: .venv/develops  ## train the three models on: hours without a GPU; a run that was cut off goes on where it was
	$(BIN)/python -m app.training.train digit --start digit --steps 6000 --rate 1.5e-3 --keep 0.4
	$(BIN)/python -m app.training.train character --start character --steps 6000 --rate 1.5e-3 --keep 0.4
	$(BIN)/python -m app.training.train any --start digit --steps 6000

bench: .venv/develops  ## measure serving against what a user would pick instead
	$(BIN)/python -m benchmarks.serving

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
