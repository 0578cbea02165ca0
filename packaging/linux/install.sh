#!/bin/sh
# Installs slmdesk for this account, into ~/.local; no root, no network.  --remove takes it away again; your texts, settings
# and models stay.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$HOME/.local/opt/slmdesk
shares=${XDG_DATA_HOME:-$HOME/.local/share}
commands=$HOME/.local/bin
files="applications/slmdesk.desktop icons/hicolor/256x256/apps/slmdesk.png icons/hicolor/scalable/apps/slmdesk.svg
man/man1/slmdesk.1.gz mime/packages/slmdesk.xml"
menus() {
  if command -v update-desktop-database >/dev/null; then update-desktop-database -q "$shares/applications" || true; fi
  if command -v update-mime-database >/dev/null; then update-mime-database "$shares/mime" >/dev/null 2>&1 || true; fi
}
# What an installation has put there goes, by its list, and nothing else: a portable copy has its home in this folder.
take_away() {
  {
    printf '%s\n' slmdesk _internal MANIFEST
    if [ -f "$program/MANIFEST" ]; then sed -n 's#^[0-9a-f]*  \([^/][^/]*\).*#\1#p' "$program/MANIFEST"; fi
  } | sort -u | while IFS= read -r name; do rm -rf "$program/$name"; done
}
if [ "${1:-}" = --remove ]; then
  take_away
  rm -f "$commands/slmdesk" "$commands/slmdesk-uninstall"
  for file in $files; do rm -f "$shares/$file"; done
  menus
  echo "slmdesk is removed. Your texts, settings and models are where they were."
  if [ -d "$program" ] && ! rmdir "$program" 2>/dev/null; then
    printf '%s\n' "What else is in $program was left there."
  fi
  exit 0
fi
mkdir -p "$commands" "$program"
rm -rf "$program.new"
cp -R "$here/slmdesk" "$program.new"
if ! "$program.new/slmdesk" --version; then
  rm -rf "$program.new"
  rmdir "$program" 2>/dev/null || true
  echo "slmdesk does not start on this system, so nothing was changed." >&2
  exit 1
fi
take_away
ls -A "$program.new" | while IFS= read -r name; do
  rm -rf "$program/$name"
  mv "$program.new/$name" "$program/$name"
done
rmdir "$program.new"
ln -sfn "$program/slmdesk" "$commands/slmdesk"
for file in $files; do
  mkdir -p "$shares/$(dirname "$file")"
  cp "$here/share/$file" "$shares/$file"
done
# a word in quotes, in a string, before % is looked at: each with its own escapes
quoted=$(printf '%s' "$program/slmdesk" | sed 's/[\\"`$]/\\&/g; s/\\/\\\\/g; s/%/%%/g')
while IFS= read -r line; do
  case $line in
    Exec=slmdesk*) printf 'Exec="%s"%s\n' "$quoted" "${line#Exec=slmdesk}" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < "$here/share/applications/slmdesk.desktop" > "$shares/applications/slmdesk.desktop"
sed "s#^here=.*#set -- --remove#" "$here/install.sh" > "$commands/slmdesk-uninstall"
chmod 755 "$commands/slmdesk-uninstall"
menus
printf '%s\n' "slmdesk is installed in $program. It is in the menu; slmdesk-uninstall takes it away again."
