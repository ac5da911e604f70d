#!/usr/bin/env bash
# Makes the book: make.sh BUILD OUT [--quick] runs every chapter in BUILD, then pandoc makes a page of each in OUT, and of
# each method's README. Fails if a chapter fails, if a formula cannot be read, if a function that a README shows is not
# found, or if a link leads nowhere. From the root of the repository.
set -euo pipefail
build=$1 out=$2
shift 2
mkdir -p "$out"
BOOK_RUNS=$build/book BOOK_ROOT=$(realpath --relative-to="$out" .)
export BOOK_RUNS BOOK_ROOT
sources=(tutorials/[0-9]*.cpp)
page() {  # SOURCE PAGE OPTION...: to a temporary name, then renamed
  pandoc --standalone --template=tutorials/book/page.html --mathml --wrap=none --columns=10000 --fail-if-warnings -t html \
    -o "$out/$2.tmp" "${@:3}" "$1"
  mv "$out/$2.tmp" "$out/$2"
}
readme() { BOOK_README=$1 page "$@" -f gfm --lua-filter=tutorials/book/readme.lua; }  # as page

for source in "${sources[@]}"; do
  name=$(basename "$source" .cpp)
  rm -rf "$BOOK_RUNS/$name" && mkdir -p "$BOOK_RUNS/$name"
  echo "$name"
  "$build/$name" "$@" --figures "$BOOK_RUNS/$name" > "$BOOK_RUNS/$name/output.txt"
done

cat p2rec/report/plots.css tutorials/book/book.css > "$out/book.css.tmp" && mv "$out/book.css.tmp" "$out/book.css"
# The pages in order: all chapters, then all methods in the order of README.md.
mapfile -t methods < <(grep -o 'p2rec/methods/[a-z0-9_]*/README.md' README.md)
export BOOK_METHODS=${methods[*]}
pages=("${sources[@]}" "${methods[@]}")
name_of() { if [[ $1 = *.cpp ]]; then basename "$1" .cpp; else basename "$(dirname "$1")"; fi; }
title_of() { sed -nE '1s/^(\/\/|#) ([^:?(]*[^:?( ]\??).*/\2/p' "$1"; }
neighbour() { options+=("-V$1=$(name_of "$2")" "-V$1_title=$(title_of "$2")"); }  # previous|next SOURCE: the link
for i in "${!pages[@]}"; do
  options=()
  [ "$i" = 0 ] || neighbour previous "${pages[i - 1]}"
  [ "$i" = "$((${#pages[@]} - 1))" ] || neighbour next "${pages[i + 1]}"
  if [[ ${pages[i]} = *.cpp ]]; then
    page "${pages[i]}" "$(name_of "${pages[i]}").html" -f tutorials/book/chapter.lua -V chapter=true "${options[@]}"
  else
    readme "${pages[i]}" "$(name_of "${pages[i]}").html" -M title="$(title_of "${pages[i]}")" "${options[@]}"
  fi
done
readme tutorials/README.md index.html -M title="The course"
readme tutorials/exercises/README.md exercises.html -M title="The exercises"

bash tutorials/book/check_links.sh "$out" "$BOOK_ROOT"
