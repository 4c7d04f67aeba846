#!/usr/bin/env python3
"""Writes what the packages are built from: every crate and npm package with its licence and the texts that it asks to be passed on.

Only what goes into the binaries for this platform counts; tools that build and test do not.
"""
import json
import pathlib
import subprocess
import sys

NAMES = ("license", "licence", "copying", "notice", "copyright", "unlicense")


def texts(folder: pathlib.Path) -> list[str]:
    """The licence files of a package, each once."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_file() and path.name.lower().startswith(NAMES):
            text = path.read_text(encoding="utf-8", errors="replace").strip()
            if text not in found:
                found.append(text)
    return found


host = next(
    line.removeprefix("host: ")
    for line in subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    if line.startswith("host: ")
)
metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", host],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
wanted = [package["id"] for package in metadata["packages"] if package["name"] in ("sheaf-desktop", "sheaf-cli")]
inside: set[str] = set()
while wanted:
    current = wanted.pop()
    if current in inside:
        continue
    inside.add(current)
    wanted += [
        dependency["pkg"]
        for dependency in nodes[current]["deps"]
        if any(kind["kind"] is None for kind in dependency["dep_kinds"])
    ]
parts = []
for package in sorted((packages[each] for each in inside), key=lambda package: (package["name"], package["version"])):
    if package["source"]:
        parts.append((f"{package['name']} {package['version']}", package["license"], texts(pathlib.Path(package["manifest_path"]).parent)))

with open("ui/package-lock.json", encoding="utf-8") as file:
    locked = json.load(file)["packages"]
for path, package in locked.items():
    if path and not package.get("dev") and not package.get("devOptional"):
        name = path.rpartition("node_modules/")[2]
        parts.append((f"{name} {package['version']} (npm)", package["license"], texts(pathlib.Path("ui") / path)))

# Most texts are the same for many: each is written once.
numbers: dict[str, int] = {}
out = ["Sheaf is built from these packages. Numbers name the texts below.", ""]
for name, licence, found in parts:
    marks = [numbers.setdefault(text, len(numbers) + 1) for text in found]
    out.append(f"{name}: {licence}" + (f" [{', '.join(map(str, marks))}]" if marks else ""))
for text, number in numbers.items():
    out += ["", "", f"[{number}] " + "-" * 60, "", text]
sys.stdout.write("\n".join(out) + "\n")
