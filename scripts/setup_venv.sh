#!/bin/sh
# Makes .venv with exactly what requirements.lock names, and .tools/stubs with MicroPython's types.
# Usage: scripts/setup_venv.sh STAMP. The stamp is written last: without it, all is made anew.
set -eu
cd "$(dirname "$0")/.."
stamp=$1

fail() {
    echo "setup: $*" >&2
    exit 1
}

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        first=${first:-$name}
        "$name" -c 'import venv, ensurepip' 2>/dev/null || continue
        echo "$name"
        return
    done
    if [ -n "${first:-}" ]; then
        fail "$first has no venv module. On Debian and Ubuntu: apt-get install python3-venv."
    fi
    fail "Python 3.11 or newer is needed; none is on PATH. Name one with PYTHON=/path/to/python3."
}

python=$(find_python)
rm -f .venv/ready-*
echo "setup: making .venv with $("$python" --version) and the packages of requirements.lock"
"$python" -m venv --clear .venv
install() {
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --no-deps "$@" ||
        fail "pip could not install ($*). Is the package index in reach?"
}
install --requirement requirements.lock
install --no-build-isolation --editable .
rm -rf .tools/stubs
install --target .tools/stubs --requirement requirements-stubs.lock
.venv/bin/python -m pip check --quiet --disable-pip-version-check
touch "$stamp"
