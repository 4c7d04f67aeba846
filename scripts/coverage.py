#!/usr/bin/env python3
"""Prints line coverage by file and room, and fails where a room is under the floor. Called by coverage.sh.

Test modules inside a source file are not counted: they would flatter the figure.
"""
import collections
import json
import pathlib
import subprocess
import sys

FLOOR = 85.0
cov, target, *rooms = sys.argv[1:]
root = pathlib.Path.cwd()


def product_lines(path: pathlib.Path) -> int:
    """How many lines a file has before its test module."""
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        if line == "#[cfg(test)]" and number + 1 < len(lines) and lines[number + 1].startswith("mod "):
            return number
    return len(lines)


binaries = []
for line in pathlib.Path(target, "built.json").read_text().splitlines():
    message = json.loads(line)
    if message.get("executable") and message.get("profile", {}).get("test"):
        binaries.append(message["executable"])
objects = [word for binary in binaries[1:] for word in ("-object", binary)]
command = [cov, "export", "-format=lcov", f"-instr-profile={target}/all.profdata", binaries[0], *objects]
report = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

rows = collections.defaultdict(list)
for record in report.split("end_of_record\n"):
    words = [line.partition(":")[::2] for line in record.splitlines()]
    source = next((value for key, value in words if key == "SF"), None)
    if source is None or not pathlib.Path(source).is_relative_to(root):
        continue
    path = pathlib.Path(source).relative_to(root)
    if path.parts[0] != "crates" or path.parts[1] not in rooms or path.parts[2] != "src" or path.name == "tests.rs":
        continue
    end = product_lines(root / path)
    hits = {}
    for key, value in words:
        if key == "DA":
            number, count = (int(part) for part in value.split(",")[:2])
            if number <= end:
                hits[number] = max(hits.get(number, 0), count)
    rows[path.parts[1]].append((str(path), sum(count > 0 for count in hits.values()), len(hits)))

failed = False
for room in rooms:
    for path, covered, count in sorted(rows[room]):
        print(f"  {path:<58} {covered:>5} of {count:>5} lines  {100 * covered / max(count, 1):6.2f} %")
    covered, count = (sum(row[column] for row in rows[room]) for column in (1, 2))
    percent = 100 * covered / max(count, 1)
    failed |= percent < FLOOR
    print(f"{room:<60} {covered:>5} of {count:>5} lines  {percent:6.2f} %{f'   UNDER {FLOOR} %' if percent < FLOOR else ''}")
sys.exit(failed)
