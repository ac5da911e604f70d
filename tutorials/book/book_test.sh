#!/usr/bin/env bash
# What the book's readers must do: formulas become MathML, output and figures come below the code that made them, a README's
# items show the sources that they link to, and a formula that cannot be read, a source that is not found or a link that
# leads nowhere fails with its place. From the root of the repository.
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

method=$folder/p2rec/methods/small
mkdir -p "$method"
printf '// double half(double x): not the function\n\n// Halves.\ndouble half(double x,\n            double y) {\n  return x / y;\n}\n\nint last() { return 1; }\n' \
  > "$method/small.cpp"
echo 'random 0.1' > "$method/small.txt"
readme() {  # FORMULA FUNCTION
  printf '// A loss:\n//\n//   %s\n//     z = y\n//   * term  of two\n//           lines\n#pragma once\nint x;\n' "$1" > "$method/small.h"
  printf '# Small (arXiv 1): a test\n\nSee [all](p2rec/methods/) or [it](../small/README.md).\n\n* [small.h](small.h): a\n* [`%s()`](small.cpp): b\n* [small.txt](small.txt): c\n' "$2" \
    > "$method/README.md"
  BOOK_README=$method/README.md BOOK_METHODS=$method/README.md pandoc -f gfm --lua-filter=tutorials/book/readme.lua -t html --mathml \
    --wrap=none --fail-if-warnings "$method/README.md" > "$folder/page.html" 2> "$folder/error.txt"
}
readme 'y = -|g^_u| / 2' half
tr -d '\n' < "$folder/page.html" | sed 's/<[/]*\(span\|a\)[^>]*>//g' > "$folder/line.html"
expect '<mfrac>.*<mover>.*class="formula".*<dt>term</dt><dd>of two lines</dd>' "$folder/line.html"
expect 'half()</code>: b</p><p>Halves.</p></div>.*double half(.*return x / y;}</code>' "$folder/line.html"
expect '<pre class="output"><code>random 0.1</code></pre>' "$folder/line.html"
expect '<li><a href="small.html">Small</a> (arXiv 1): a test</li>' "$folder/page.html"
expect '<a href="small.html">it</a>' "$folder/page.html"
if grep -q 'int x\|last\|not the function' "$folder/line.html"; then echo "book_test: more of a source than its function"; exit 1; fi

if readme 'y = (x' half; then echo "book_test: the formula passed"; exit 1; fi
expect 'small.h:3: formula' "$folder/error.txt"
if readme 'y = x' gone; then echo "book_test: the function passed"; exit 1; fi
expect 'README.md:6: found no function gone() in' "$folder/error.txt"
if readme 'y = x' 'half(double' ; then echo "book_test: the name passed"; exit 1; fi
expect 'README.md:6: found .half(double(). as the name' "$folder/error.txt"
rm "$method/small.txt"
if readme 'y = x' half; then echo "book_test: the file passed"; exit 1; fi
expect 'README.md:7: found no file .*small.txt' "$folder/error.txt"
