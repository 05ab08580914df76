#!/bin/sh
# Makes .tools/labgrid with exactly what requirements-labgrid.lock names; see pyproject.toml.
# Usage: scripts/setup_labgrid.sh STAMP. The stamp is written last: without it, all is made anew.
set -eu
cd "$(dirname "$0")/.."
stamp=$1
folder=.tools/labgrid
echo "setup: making $folder with the packages of requirements-labgrid.lock"
rm -rf "$folder"
.venv/bin/python -m venv --without-pip "$folder"
.venv/bin/python -m pip --python "$folder/bin/python" install --quiet --quiet --disable-pip-version-check \
    --no-input --no-deps --requirement requirements-labgrid.lock || {
    echo "setup: pip could not install labgrid. Is the package index in reach?" >&2
    exit 1
}
"$folder/bin/labgrid-client" --help > /dev/null
touch "$stamp"
