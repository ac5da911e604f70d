"""Writes real data in nine formats and checks that `p2rec stats` prints the same for each.

usage: check_formats.py PROGRAM DATA   (DATA holds beauty/, lastfm/, ml-1m/ with lines of users, and
ml-100k/ml-100k.inter)

The script makes times that keep the order of each user's items; rows with times are shuffled.
"""

import gzip
import json
import pathlib
import random
import subprocess
import sys
import tempfile


def sequences(folder):
    if folder.name == "ml-100k":
        rows = [line.split("\t") for line in (folder / "ml-100k.inter").read_text().splitlines()[1:]]
        users = {}
        for user, item, _, _ in sorted(rows, key=lambda row: float(row[3])):
            users.setdefault(user, []).append(item)
        return users
    lines = [line.split() for line in (folder / f"{folder.name}.txt").read_text().splitlines()]
    return {user: items for user, *items in lines}


def formats(users):
    timed = [(user, item, 880_000_000 + place) for user, items in users.items() for place, item in enumerate(items)]
    rows = timed[:]
    random.Random(1).shuffle(rows)
    lines = "".join(f"{user} {' '.join(items)}\n" for user, items in users.items())
    yield "lines.txt", lines
    yield "pairs.txt", "".join(f"{user} {item}\n" for user, item, _ in timed)
    atomic = "user_id:token\titem_id:token\ttimestamp:float\n" + "".join(f"{u}\t{i}\t{t}\n" for u, i, t in rows)
    yield "atomic.inter", atomic
    yield "atomic.inter.gz", gzip.compress(atomic.encode())
    yield "ratings.csv", "userId,movieId,rating,timestamp\n" + "".join(f'{u},"{i}",5,{t}\n' for u, i, t in rows)
    yield "ratings.dat", "".join(f"{u}::{i}::5::{t}\n" for u, i, t in rows)
    yield "u.data", "".join(f"{u}\t{i}\t5\t{t}\n" for u, i, t in rows)
    yield "reviews.jsonl", "".join(json.dumps({"user_id": u, "parent_asin": i, "rating": 5.0, "timestamp": t}) + "\n" for u, i, t in rows)
    yield "lists.inter", "user_id:token\titem_id:token_seq\n" + "".join(f"{u}\t{' '.join(items)}\n" for u, items in users.items())


def main():
    program, data = sys.argv[1], pathlib.Path(sys.argv[2])
    for name in ("beauty", "lastfm", "ml-1m", "ml-100k"):
        users = sequences(data / name)
        said = {}
        with tempfile.TemporaryDirectory() as folder:
            for file, content in formats(users):
                path = pathlib.Path(folder) / file
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
                out = subprocess.run([program, "stats", "--data", path], check=True, capture_output=True, text=True).stdout
                said[file] = out[out.index("counts"):]
        if len(set(said.values())) != 1:
            sys.exit(f"{name}: not the same\n" + "\n".join(f"{file}\n{text}" for file, text in said.items()))
        print(f"{name}: {len(said)} formats are equal: " + said["u.data"].splitlines()[0].split(None, 1)[1])


main()
