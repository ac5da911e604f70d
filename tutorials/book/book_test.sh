#!/usr/bin/env bash
# What the book's reader must do: formulas become MathML, output and figures come below the code that made them, and a
# formula that cannot be read or a link that leads nowhere fails with its place. From the root of the repository.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/02_small"
export BOOK_RUNS=$folder BOOK_ROOT=../..
printf 'before\n\n1. Shown\n  ok\n  figure %s/02_small/f.svg\n' "$folder" > "$folder/02_small/output.txt"
echo '<svg viewBox="0 0 1 1"><title id="f-t">A figure</title><style>x</style></svg>' > "$folder/02_small/f.svg"
chapter() {  # FORMULA
  printf '// 02 Small: why?\n//\n//   %s\n//\n// See autograd/none.h\nvoid f() {\n  lesson::heading("1. Shown");\n}\nint last;\n' "$1" \
    > "$folder/02_small.cpp"
  pandoc -f tutorials/book/chapter.lua -t html --mathml --fail-if-warnings "$folder/02_small.cpp" > "$folder/page.html" 2> "$folder/error.txt"
}
expect() { grep -q "$1" "$2" || { echo "book_test: expected '$1' in:"; cat "$2"; exit 1; }; }

chapter 'y = (x_i - mu) / sqrt(v + eps)    for each row'
expect '<mfrac>.*<msub>.*<msqrt>' "$folder/page.html"
expect 'for each row' "$folder/page.html"
expect '<figcaption>A figure</figcaption>' "$folder/page.html"
if grep -q '<style>' "$folder/page.html"; then echo "book_test: a figure kept its style sheet"; exit 1; fi
tr -d '\n' < "$folder/page.html" > "$folder/line.html"
expect 'heading.*1. Shown.*A figure.*last.*before' "$folder/line.html"

for wrong in 'y = (x' 'y = x @ w' 'y = x / / w'; do
  if chapter "$wrong"; then echo "book_test: the formula '$wrong' passed"; exit 1; fi
  expect '02_small.cpp:3: formula' "$folder/error.txt"
done

chapter 'y = x'
if bash tutorials/book/check_links.sh "$folder" ../.. > "$folder/error.txt"; then echo "book_test: the link passed"; exit 1; fi
expect 'autograd/none.h leads nowhere' "$folder/error.txt"
