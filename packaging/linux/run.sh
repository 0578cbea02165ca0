#!/bin/sh
# @NAME@: installs slmdesk for this account, into ~/.local; no root, no network.
# --remove takes it away again and leaves your texts and models; --extract FOLDER only unpacks.
set -eu
self=$0
if ! command -v xz >/dev/null; then
  echo "This needs xz. On Debian and Ubuntu: apt-get install xz-utils" >&2
  exit 1
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/slmdesk.XXXXXX")
trap 'rm -rf "$folder"' EXIT
data() { tail -n +@LINES@ "$self"; }
if command -v sha256sum >/dev/null && [ "$(data | sha256sum | cut -d' ' -f1)" != @SHA256@ ]; then
  echo "This file is not whole. Fetch or copy it again." >&2
  exit 1
fi
if [ "${1:-}" = --extract ]; then
  mkdir -p "$2"
  data | tar -xJ -C "$2"
  exit 0
fi
data | tar -xJ -C "$folder"
sh "$folder/@NAME@/install.sh" "$@"
exit $?
