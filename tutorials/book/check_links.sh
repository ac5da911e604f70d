#!/usr/bin/env bash
# check_links.sh FOLDER ROOT: every link of the pages in FOLDER must lead to a file, and to an id that it has. For one
# that does not, shows the lines of the sources that have it. ROOT: the way from a page to the repository.
set -euo pipefail
broken=0
for page in "$1"/*.html; do
  for link in $(grep -oE '\b(href|src)="[^"]*"' "$page" | sed 's/^[a-z]*="//; s/"$//' | grep -v '^https*:\|^#cb[0-9]' | sort -u); do
    file=${link%%#*} id=${link#"${link%%#*}"}
    if [ -z "$file" ]; then file=$page; else file=$1/$file; fi
    if [ ! -e "$file" ] || { [ -n "$id" ] && ! grep -q "id=\"${id#\#}\"" "$file"; }; then
      grep -nrF --include='*.cpp' --include='*.md' --include='*.h' "${link#"$2/"}" tutorials p2rec/methods || true
      echo "$(basename "$page"): the link $link leads nowhere"
      broken=1
    fi
  done
done
exit $broken
