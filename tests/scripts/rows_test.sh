#!/bin/bash
# Tests the published rows from training to the table, with a data set of twelve users instead of real data.
#
#   rows_test.sh PROGRAM
set -eu -o pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/data/beauty"
for user in $(seq 12); do  # user item item ...: twelve items; each user's last item has the user's number
  echo "$user $((user % 12 + 1)) $(((user + 1) % 12 + 1)) $(((user + 2) % 12 + 1)) $user"
done > "$folder/data/beauty/beauty.txt"

rows() { bash "$root/p2rec/scripts/train_rows.sh" "$1" "$folder/data" "$folder/out" "${@:2}" > "$folder/printed.txt" 2>&1; }
fail() { echo "rows_test: $1; printed was:" >&2; cat "$folder/printed.txt" >&2; exit 1; }
printed() { grep -qE "$1" "$folder/printed.txt" || fail "expected '$1'"; }

rows "$1" beauty-popularity lastfm-popularity || fail "the rows came to an error"
printed '^lastfm-popularity: skipped, there is no '
printed '^beauty-popularity +HR@5 +0\.0080 +[0-9.]+ +[0-9.]+ +1$'
printed '^ +(HOLDS|DOES NOT HOLD) '
printed '^ml-1m-gsasrec +not run$'
cp "$folder/out/beauty-popularity.txt" "$folder/before.txt"
rows "$1" beauty-popularity || fail "a second run came to an error"
cmp "$folder/before.txt" "$folder/out/beauty-popularity.txt"

code=0
rows "$1" beauty-sasrecs || code=$?
[ "$code" = 2 ] || fail "a row that does not exist gave $code; expected 2"
printed 'beauty-sasrecs: there is no such row in '
