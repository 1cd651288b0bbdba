#!/bin/sh
# Installs what serves into a new environment, as the image holds it: deploy/install.sh ENVIRONMENT
# PIP is what installs, such as `uv pip`; else the pip of PYTHON.
set -eu
environment=$1
python=${PYTHON:-python3}
requirements=$(dirname "$0")/../requirements-prod.txt

"$python" -m venv --without-pip "$environment"
export PIP_PYTHON="$environment/bin/python" VIRTUAL_ENV="$environment"
# shellcheck disable=SC2086 # PIP may be several words
${PIP:-$python -m pip} install --quiet --no-compile --require-hashes --only-binary :all: --requirement "$requirements"

# What nothing here can use, a quarter of it all. Other platforms have less of it.
packages=$(echo "$environment"/lib/python3.*/site-packages)
litert=$packages/ai_edge_litert
rm -rf "$litert/tools" "$litert/vendors" "$litert/aot"  # compilers of models for phones' chips
rm -f "$litert"/libLiteRtWebGpuAccelerator.*
rm -f "$packages"/pillow.libs/libavif-* "$packages"/PIL/_avif.*  # no such pictures are taken
rm -f "$packages"/sqlalchemy/*/*_cy.*.so  # most of it debug symbols; its Python does for a few records a second
find "$packages" -type d -name tests -prune -exec rm -r {} +

# Files that never change need no look at their times.
"$environment/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages"
