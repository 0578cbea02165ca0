#!/bin/sh
# Write the requirements files anew: exact versions with hashes for every system, naming no index.
# Wants `uv` (pip install uv); run it when pyproject.toml's dependencies change.
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
echo 'setuptools>=77' | compile pyproject.toml - --extra encrypt --output-file packaging/requirements.txt
echo 'setuptools>=77' | compile pyproject.toml - --extra encrypt --extra dev --output-file packaging/requirements-dev.txt
echo 'setuptools>=77' | compile pyproject.toml - --extra encrypt --extra dev --extra bench --output-file packaging/requirements-bench.txt
echo 'pip>=26' | compile - --output-file packaging/requirements-pip.txt
echo 'pyinstaller>=6.22,<7' | compile - --constraint packaging/requirements.txt --output-file packaging/requirements-package.txt
printf 'cmake\nninja\nscikit-build-core\n' | compile - --output-file packaging/requirements-build.txt
