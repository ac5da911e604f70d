# Prints, from a run's log.jsonl, the validation NDCG@10 of each start after some epochs: the mean over its
# seeds. A seed that has stopped counts with its best value.
/validation_ndcg@10/ && match($0, /"task": "train\/[^"]*/) {
  split(substr($0, RSTART + 15, RLENGTH - 15), name, "-")
  match($0, /"epoch": [0-9]+/); epoch = substr($0, RSTART + 9, RLENGTH - 9) + 0
  match($0, /@10": [-+.e0-9]+/); value = substr($0, RSTART + 6, RLENGTH - 6) + 0
  start = name[1]; seed = name[2]
  if (!(start in seeds)) order[++starts] = start
  if (!((start, seed) in last)) seeds[start]++
  if (value > best[start, seed]) best[start, seed] = value
  found[start, seed, epoch] = value; last[start, seed] = epoch; known[start, seed] = 1
}
END {
  count = split("1 2 4 8 12 16 24 32 48 64 96 128", epochs, " ")
  printf "%-16s", "validation after"
  for (i = 1; i <= count; i++) printf "%8d", epochs[i]
  printf "%8s\n", "best"
  for (s = 1; s <= starts; s++) {
    start = order[s]
    printf "%-16s", start
    for (i = 0; i <= count; i++) {
      sum = running = 0
      for (key in known) {
        split(key, part, SUBSEP)
        if (part[1] != start) continue
        if (i < count && last[key] >= epochs[i + 1]) { sum += found[start, part[2], epochs[i + 1]]; running++ }
        else sum += best[start, part[2]]
      }
      if (i == count || running) printf "%8.4f", sum / seeds[start]; else printf "%8s", ""
    }
    printf "\n"
  }
}
