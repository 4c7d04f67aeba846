#!/usr/bin/env python3
"""Checks that every dependency is under a licence that Sheaf may ship with.

Works from `cargo metadata` and, for what the page is made of, from its package-lock.json alone, so it always runs; the
allow-list is the one of deny.toml. Advisories are not looked at:
they are worth something only with a fresh database.
"""
import json
import re
import subprocess
import sys
import tomllib

with open("deny.toml", "rb") as file:
    rules = tomllib.load(file)["licenses"]
everywhere = set(rules["allow"])
exceptions = {exception["crate"]: set(exception["allow"]) for exception in rules.get("exceptions", [])}


def passes(expression: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression can be met with the allowed licences alone."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def either() -> bool:
        nonlocal position
        met = both()
        while position < len(tokens) and tokens[position] == "OR":
            position += 1
            met = both() or met
        return met

    def both() -> bool:
        nonlocal position
        met = one()
        while position < len(tokens) and tokens[position] == "AND":
            position += 1
            met = one() and met
        return met

    def one() -> bool:
        nonlocal position
        token = tokens[position]
        position += 1
        if token == "(":
            met = either()
            position += 1
            return met
        name = token
        if position < len(tokens) and tokens[position] == "WITH":
            name = f"{token} WITH {tokens[position + 1]}"
            position += 2
            return name in allowed or token in allowed
        return name in allowed

    return either() and position == len(tokens)


metadata = json.loads(
    subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked"], check=True, stdout=subprocess.PIPE).stdout
)
bad = [
    f"{package['name']} {package['version']}: {package['license'] or 'no licence named'}"
    for package in metadata["packages"]
    if not package["license"] or not passes(package["license"], everywhere | exceptions.get(package["name"], set()))
]
# The page: what goes into the window, without the tools that build and test it.
with open("ui/package-lock.json", encoding="utf-8") as file:
    locked = json.load(file)["packages"]
page = {
    path.rpartition("node_modules/")[2]: package
    for path, package in locked.items()
    if path and not package.get("dev") and not package.get("devOptional")
}
bad += [
    f"{name} {package['version']} (npm): {package.get('license') or 'no licence named'}"
    for name, package in page.items()
    if not package.get("license") or not passes(package["license"], everywhere)
]
if bad:
    print("licences that deny.toml does not allow:", *sorted(bad), sep="\n  ", file=sys.stderr)
    sys.exit(1)
print(f"licences: {len(metadata['packages'])} crates and {len(page)} npm packages, all allowed")
