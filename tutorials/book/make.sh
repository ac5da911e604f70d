#!/usr/bin/env bash
# Makes the book: make.sh BUILD OUT [--quick] runs every chapter in BUILD, then pandoc makes a page of each in OUT.
# Fails if a chapter fails, if a formula cannot be read, or if a link leads nowhere. From the root of the repository.
set -euo pipefail
build=$1 out=$2
shift 2
mkdir -p "$out"
BOOK_RUNS=$build/book BOOK_ROOT=$(realpath --relative-to="$out" .)
export BOOK_RUNS BOOK_ROOT
sources=(tutorials/[0-9]*.cpp)
page() {  # SOURCE PAGE OPTION...: to a temporary name, then renamed
  pandoc --standalone --template=tutorials/book/page.html --mathml --wrap=none --fail-if-warnings -t html \
    -o "$out/$2.tmp" "${@:3}" "$1"
  mv "$out/$2.tmp" "$out/$2"
}

for source in "${sources[@]}"; do
  name=$(basename "$source" .cpp)
  rm -rf "$BOOK_RUNS/$name" && mkdir -p "$BOOK_RUNS/$name"
  echo "$name"
  "$build/$name" "$@" --figures "$BOOK_RUNS/$name" > "$BOOK_RUNS/$name/output.txt"
done

cat p2rec/report/plots.css tutorials/book/book.css > "$out/book.css.tmp" && mv "$out/book.css.tmp" "$out/book.css"
neighbour() {  # previous|next SOURCE: pandoc's options for the link
  echo "-V$1=$(basename "$2" .cpp)"
  echo "-V$1_title=$(sed -n '1s|^// \([^:?]*?\{0,1\}\):\{0,1\} .*|\1|p' "$2")"
}
for i in "${!sources[@]}"; do
  options=(-f tutorials/book/chapter.lua -V chapter=true)
  [ "$i" = 0 ] || mapfile -t -O "${#options[@]}" options < <(neighbour previous "${sources[i - 1]}")
  [ "$i" = "$((${#sources[@]} - 1))" ] || mapfile -t -O "${#options[@]}" options < <(neighbour next "${sources[i + 1]}")
  page "${sources[i]}" "$(basename "${sources[i]}" .cpp).html" "${options[@]}"
done
readme=(-f gfm --lua-filter=tutorials/book/readme.lua)
BOOK_FOLDER=tutorials page tutorials/README.md index.html "${readme[@]}" -M title="The course"
BOOK_FOLDER=tutorials/exercises page tutorials/exercises/README.md exercises.html "${readme[@]}" -M title="The exercises"

bash tutorials/book/check_links.sh "$out" "$BOOK_ROOT"
