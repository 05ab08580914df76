#!/bin/sh
# Writes requirements.lock: the newest versions that pyproject.toml allows, in a throw-away venv.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m venv "$folder"
.venv/bin/python - > "$folder/wanted" <<'PYTHON'
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)
print("\n".join(project["project"]["dependencies"] + project["dependency-groups"]["dev"]))
PYTHON
"$folder/bin/python" -m pip install --quiet --requirement "$folder/wanted"
{
    echo "# Exactly what \`make setup\` installs; ranges are in pyproject.toml. Made by \`make lock\`."
    "$folder/bin/python" -m pip freeze | LC_ALL=C sort --ignore-case
} > "$folder/lock"
mv "$folder/lock" requirements.lock
