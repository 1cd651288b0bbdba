#!/usr/bin/env bash
# Build the container's image, and try it as it serves: read-only, without rights, /tmp in memory.
#
#   deploy/image.sh                 the image is called inkloop afterwards
#   deploy/image.sh image.tar.gz    it is written to this file too
set -euo pipefail
cd "$(dirname "$0")/.."

# Without Docker's own note on how it was built the image is one manifest, with one digest to deploy.
docker build --pull --provenance=false --tag inkloop \
    --build-arg "VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)" \
    --build-arg "REVISION=$(git rev-parse HEAD)" \
    --build-arg "CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    --build-arg "SOURCE=$(git remote get-url origin 2>/dev/null || echo unknown)" .

container=$(docker run --detach --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    --memory 512m --publish 127.0.0.1::8080 inkloop)
trap 'docker rm --force "$container" >/dev/null' EXIT
address=$(docker port "$container" 8080/tcp)
python3 deploy/smoke.py "http://$address" || {
    docker logs "$container" >&2
    exit 1
}

if [ $# -gt 0 ]; then
    docker save inkloop | gzip >"$1"
fi
