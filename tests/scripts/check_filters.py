"""Compares p2rec's filters and temporal split with those of this script, row by row, on real data.

usage: check_filters.py PROGRAM DATA   (DATA holds ml-100k/ml-100k.inter and beauty/beauty.txt)

For each data set, it compares the output of `p2rec convert` with the definitions in p2rec/data/rows.h and
split.h as implemented here. beauty has no times; the script makes times that keep the order of each user's
items.
"""

import collections
import math
import pathlib
import subprocess
import sys
import tempfile

Row = collections.namedtuple("Row", "user item time rating")


def read_ml100k(path):
    lines = path.read_text().splitlines()
    names = [field.split(":")[0] for field in lines[0].split("\t")]
    rows = [dict(zip(names, line.split("\t"))) for line in lines[1:]]
    return [Row(r["user_id"], r["item_id"], int(r["timestamp"]), float(r["rating"])) for r in rows]


def read_beauty(path):
    rows = []
    for line in path.read_text().splitlines():
        user, *items = line.split()
        rows += [Row(user, item, place * 100_000 + int(user) % 977, 1.0 + (place + int(item)) % 5) for place, item in enumerate(items)]
    return rows


def k_core(rows, least):
    while True:
        users = collections.Counter(row.user for row in rows)
        items = collections.Counter(row.item for row in rows)
        kept = [row for row in rows if users[row.user] >= least and items[row.item] >= least]
        if len(kept) == len(rows):
            return kept
        rows = kept


def by_user(rows):
    users = collections.defaultdict(list)
    for row in rows:
        users[row.user].append(row)
    return {user: sorted(mine, key=lambda row: row.time) for user, mine in users.items()}  # sorted() is stable


def temporal(rows, first, second):
    """For each user: (training part, part between the cuts, test target or nothing)."""
    times = sorted(row.time for row in rows)
    cuts = [times[math.ceil(share * len(times)) - 1] for share in (first, second)]
    split = {}
    for user, mine in by_user(rows).items():
        training = [row for row in mine if row.time <= cuts[0]]
        between = [row for row in mine if cuts[0] < row.time <= cuts[1]]
        test = [row for row in mine if row.time > cuts[1]][:1]
        if training or between:
            split[user] = training, between, test
    return split


def read_written(path):
    users = collections.defaultdict(list)
    for line in path.read_text().splitlines()[1:]:
        user, item, time, rating = line.split("\t")
        users[user].append(Row(user, item, int(time), float(rating)))
    return dict(users)


def convert(program, data, folder, *options):
    subprocess.run([program, "convert", "--data", data, "--out", folder, *options], check=True, stderr=subprocess.DEVNULL)
    return folder


def check(name, found, expected):
    if found != expected:
        differ = [user for user in {*found, *expected} if found.get(user) != expected.get(user)]
        sys.exit(f"{name}: {len(differ)} users differ, for example {differ[0]}: {found.get(differ[0])}, expected {expected.get(differ[0])}")
    print(f"{name}: equal, {len(expected)} users, {sum(map(len, expected.values()))} interactions")


def main():
    program, data = sys.argv[1], pathlib.Path(sys.argv[2])
    sets = {"ml-100k": read_ml100k(data / "ml-100k/ml-100k.inter"), "beauty": read_beauty(data / "beauty/beauty.txt")}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name, rows in sets.items():
            file = folder / f"{name}.csv"
            file.write_text("userId,movieId,timestamp,rating\n" + "".join(f"{r.user},{r.item},{r.time},{r.rating}\n" for r in rows))
            for least in (1, 5, 6, 10, 20):
                expected = by_user(k_core(rows, least))
                if not expected:
                    print(f"{name}, k-core {least}: nothing is left")
                    continue
                made = convert(program, file, folder / f"{name}-core-{least}", "--k-core", str(least))
                check(f"{name}, k-core {least}", read_written(made / f"{made.name}.inter"), expected)
            for rating, least in ((4, 5), (3, 10)):
                expected = by_user(k_core([row for row in rows if row.rating >= rating], least))
                if not expected:
                    continue
                made = convert(program, file, folder / f"{name}-rated-{rating}", "--k-core", str(least), "--min-rating", str(rating))
                check(f"{name}, min-rating {rating}, k-core {least}", read_written(made / f"{made.name}.inter"), expected)
            for first, second in ((0.8, 0.9), (0.5, 0.95)):
                split = temporal(rows, first, second)
                cuts = ["--split", "temporal", "--validation-cut", str(first), "--test-cut", str(second)]
                made = convert(program, file, folder / f"{name}-temporal-{first}", *cuts)
                for part, ending in enumerate(("train", "valid", "test")):
                    expected = {user: parts[part] for user, parts in split.items() if parts[part]}
                    check(f"{name}, temporal {first} {second}, {ending}", read_written(made / f"{made.name}.{ending}.inter"), expected)


main()
