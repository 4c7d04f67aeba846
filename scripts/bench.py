#!/usr/bin/env python3
"""Measures `sheaf export` against Python's zipfile with hashlib and against 7-Zip, and its peak memory.

Everything is made here: 1.1 GB of 12 patients (12 volumes of 48 MB as .nii.gz, 24 binary STL of 12 MB, 72 photos of 3 MB),
a registry for it, and two larger ones of sparse files. Sources and archives of the speed table are on a memory file system,
so that a disk is not what is measured; a run on disk, where the fsync costs something, is reported beside it without a goal.
Rounds are paired: each one runs every way, in alternating order; medians are compared.

  python scripts/bench.py [--rounds 5] [--only speed|memory]
"""
import argparse
import gzip
import math
import os
import pathlib
import platform
import random
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import numpy

VOLUMES, VOLUME_BYTES = 12, 48_000_000
MESHES, TRIANGLES = 24, 240_000  # 12,000,084 bytes each
PHOTOS, PHOTO_BYTES = 72, 3_000_000
GOAL_PYTHON, GOAL_7Z = 8.0, 3.5
MEMORY_CEILING, MEMORY_SPREAD = 150_000_000, 0.20


def say(text: str = "") -> None:
    print(text, flush=True)


def mesh(seed: int) -> bytes:
    """A closed bumpy surface as binary STL: like a scanned arch, each vertex is shared by six triangles."""
    columns = 400
    rows = TRIANGLES // (2 * columns)
    noise = numpy.random.default_rng(seed)
    u = numpy.linspace(0, 2 * math.pi, columns, endpoint=False, dtype=numpy.float64)
    v = numpy.linspace(0.1, math.pi - 0.1, rows + 1, dtype=numpy.float64)
    uu, vv = numpy.meshgrid(u, v)
    radius = 30 + 3 * numpy.sin(5 * uu) * numpy.sin(4 * vv) + noise.normal(0, 0.01, uu.shape)
    points = numpy.stack(
        [radius * numpy.cos(uu) * numpy.sin(vv), radius * numpy.sin(uu) * numpy.sin(vv), radius * numpy.cos(vv)], axis=-1
    )
    points = (numpy.round(points * 1024) / 1024).astype("<f4")  # a micrometre, finer than any scanner
    here, right = points[:-1], numpy.roll(points, -1, axis=1)[:-1]
    below, diagonal = points[1:], numpy.roll(points, -1, axis=1)[1:]
    corners = numpy.concatenate(
        [numpy.stack([here, below, right], axis=2).reshape(-1, 3, 3), numpy.stack([right, below, diagonal], axis=2).reshape(-1, 3, 3)]
    )
    # Neighbours stand beside each other, as a scanner writes them.
    corners = corners.reshape(2, -1, 3, 3).transpose(1, 0, 2, 3).reshape(-1, 3, 3)
    normals = numpy.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= numpy.maximum(numpy.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
    record = numpy.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    triangles = numpy.zeros(len(corners), record)
    triangles["normal"], triangles["corners"] = normals, corners
    return b"benchmark".ljust(80) + struct.pack("<I", len(triangles)) + triangles.tobytes()


def make_files(data: pathlib.Path) -> list[tuple[int, str, str, str, int]]:
    """Writes the 1.1 GB; gives (patient, modality, kind, path, bytes)."""
    rows = []

    def put(patient: int, modality: str, kind: str, name: str, content: bytes) -> None:
        path = f"{kind}/{modality}/{name}"
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_bytes(content)
        rows.append((patient, modality, kind, path, len(content)))

    for number in range(VOLUMES):
        # The compressed noise of a volume: bytes that do not deflate any further.
        noise = random.Random(number).randbytes(VOLUME_BYTES - 100)
        put(number + 1, "cbct", "processed", f"cbct_patient_{number + 1}.nii.gz", gzip.compress(noise, 0)[:VOLUME_BYTES])
    for number in range(MESHES):
        arch = "upper" if number % 2 == 0 else "lower"
        put(number // 2 + 1, "ios", "processed", f"ios_{arch}_patient_{number // 2 + 1}.stl", mesh(number))
    for number in range(PHOTOS):
        noise = b"\xff\xd8\xff\xe0" + random.Random(1000 + number).randbytes(PHOTO_BYTES - 4)
        put(number // 6 + 1, "intraoral-photo", "processed", f"photo_patient_{number // 6 + 1}_{number % 6}.jpg", noise)
    return rows


def make_registry(maker: str, path: pathlib.Path, data: pathlib.Path, rows) -> None:
    """A registry of the files, by the example program `registry_of_files`."""
    path.unlink(missing_ok=True)
    listing = "".join("\t".join(str(field) for field in row) + "\n" for row in rows)
    subprocess.run([maker, path, data], input=listing.encode(), check=True)


def run(words: list, phases: bool = False) -> tuple[float, int, dict[str, float]]:
    """Runs a program to its end; gives seconds, peak resident bytes, and when each phase that it named began."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE if phases else subprocess.DEVNULL
    )
    starts = {}
    for line in child.stderr or ():
        starts[line.decode(errors="replace").strip()] = time.perf_counter() - began
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"bench: {' '.join(str(word) for word in words)} ended with {child.returncode}")
    return seconds, usage.ru_maxrss * 1024, starts


ORIGINAL = """
import hashlib, pathlib, sys, zipfile
data, out = map(pathlib.Path, sys.argv[1:])
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(data.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                hashlib.file_digest(file, "sha256").hexdigest()
            archive.write(path, path.relative_to(data))
"""


def export(sheaf: str, work: pathlib.Path, registry: pathlib.Path, out: pathlib.Path, name: str) -> list:
    return [
        sheaf, "--home", work / "home", "export", "--registry", registry, "--project", "files",
        "--all", "--all-modalities", "--kind", "both", "--out", out, "--name", name, "--json",
    ]


def unverified_share(seconds: float, starts: dict[str, float]) -> float:
    """The share of the time until everything was written, but nothing read back."""
    return starts.get("Verifying", seconds) / seconds


def speed(options, work: pathlib.Path, disk: pathlib.Path) -> bool:
    data, out = work / "data", work / "out"
    data.mkdir()
    out.mkdir()
    say("Making 1.1 GB of files ...")
    rows = make_files(data)
    registry = work / "registry.sqlite"
    make_registry(options.maker, registry, data, rows)
    total = sum(row[-1] for row in rows)
    say(f"{len(rows)} files, {total / 1e9:.2f} GB, on {work}")
    times: dict[str, list[float]] = {"sheaf": [], "python": [], "7-zip": [], "disk": []}
    shares, sizes = [], {}

    def once(way: str, number: int) -> None:
        name = f"round_{way.replace('-', '')}_{number}"
        archive = out / f"{name}.zip"
        if way == "sheaf":
            seconds, _, starts = run(export(options.sheaf, work, registry, out, name), phases=True)
            shares.append(unverified_share(seconds, starts))
        elif way == "disk":
            archive = disk / f"{name}.zip"
            seconds, _, _ = run(export(options.sheaf, work, registry, disk, name))
        elif way == "python":
            seconds, _, _ = run([sys.executable, "-c", ORIGINAL, data, archive])
        else:
            seconds, _, _ = run(["7zz", "a", "-tzip", "-mx1", "-bso0", "-bsp0", archive, f"{data}/."])
        times[way].append(seconds)
        sizes[way] = archive.stat().st_size
        archive.unlink()

    once("sheaf", 0)  # warms caches; not counted
    times["sheaf"].clear()
    shares.clear()
    for number in range(1, options.rounds + 1):
        ways = ["sheaf", "python", "7-zip", "disk"]
        for way in ways if number % 2 else reversed(ways):
            once(way, number)
        say("  round %d: " % number + ", ".join(f"{way} {times[way][-1]:.2f} s" for way in ways))
    median = {way: statistics.median(values) for way, values in times.items()}
    # Paired: the ratio of each round, then its median.
    ratio = {
        way: statistics.median(other / own for own, other in zip(times["sheaf"], times[way], strict=True))
        for way in ("python", "7-zip")
    }
    say()
    say("| way | seconds (median) | range | archive | times slower than Sheaf |")
    say("|---|---|---|---|---|")
    names = {
        "sheaf": "`sheaf export`, every file and the archive hashed, read back and compared",
        "python": "Python `zipfile` (deflate) + `hashlib`",
        "7-zip": "`7zz a -tzip -mx1` (hashes nothing, reads nothing back)",
        "disk": "`sheaf export` to a disk, with its fsync",
    }
    for way, name in names.items():
        values = times[way]
        slower = f"{ratio[way]:.1f}" if way in ratio else ""
        span = f"{min(values):.2f} to {max(values):.2f}"
        say(f"| {name} | {median[way]:.2f} | {span} | {sizes[way] / 1e6:.0f} MB | {slower} |")
    say()
    say(f"Of Sheaf's time, {100 * statistics.median(shares):.0f} % had passed when all was written but not yet read back.")
    met = True
    for way, goal in (("python", GOAL_PYTHON), ("7-zip", GOAL_7Z)):
        met &= ratio[way] >= goal
        say(f"Goal {goal:g} times faster than {way}: {ratio[way]:.2f}, {'met' if ratio[way] >= goal else 'NOT met'}")
    shutil.rmtree(data)
    return met


def sparse(data: pathlib.Path, count: int, size: int) -> list[tuple[int, str, str, str, int]]:
    """Files that take no disk, half of a kind that is stored and half of one that is deflated."""
    rows = []
    for number in range(count):
        modality, end = (("cbct", "nii.gz"), ("ios", "stl"))[number % 2]
        path = f"{modality}/{number // 1000}/{modality}_{number}.{end}"
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        with (data / path).open("wb") as file:
            file.truncate(size)
        rows.append((number // 10 + 1, modality, "processed", path, size))
    return rows


def memory(options, work: pathlib.Path, disk: pathlib.Path) -> bool:
    say()
    say("| export | entries | bytes | seconds | peak memory |")
    say("|---|---|---|---|---|")
    peaks = {}
    for name, count, size in (("small", 40, 5_000_000), ("large", 40, 500_000_000), ("many", 100_000, 1_000)):
        data, registry = disk / f"data_{name}", disk / f"{name}.sqlite"
        data.mkdir()
        make_registry(options.maker, registry, data, sparse(data, count, size))
        seconds, peak, _ = run(export(options.sheaf, work, registry, disk, f"memory_{name}"))
        (disk / f"memory_{name}.zip").unlink()
        shutil.rmtree(data)
        peaks[name] = peak
        say(f"| {name} | {count:,} | {count * size / 1e9:g} GB | {seconds:.1f} | {peak / 1e6:.0f} MB |")
    spread = max(peaks["small"], peaks["large"]) / min(peaks["small"], peaks["large"]) - 1
    say()
    met = spread < MEMORY_SPREAD and max(peaks.values()) < MEMORY_CEILING
    say(f"20 GB and 0.2 GB differ by {100 * spread:.0f} % (goal: under 20 %); the highest is {max(peaks.values()) / 1e6:.0f} MB (goal: under 150 MB): {'met' if met else 'NOT met'}")
    return met


def facts() -> None:
    info = pathlib.Path("/proc/cpuinfo").read_text() if pathlib.Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", info)
    zipper = re.search(r"7-Zip.*?(\d+\.\d+)", subprocess.run(["7zz"], stdout=subprocess.PIPE, text=True).stdout)
    rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True).stdout.split()[1]
    say(
        f"{os.cpu_count()} cores of {model[1] if model else platform.processor()}, "
        f"SHA instructions: {'yes' if 'sha_ni' in info else 'no'}, "
        f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB memory, {platform.system()} {platform.release()}; "
        f"rustc {rustc}, Python {platform.python_version()} (zlib {zlib.ZLIB_RUNTIME_VERSION}), 7-Zip {zipper[1] if zipper else '?'}"
    )
    say()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory-file-system", type=pathlib.Path, default=pathlib.Path("/dev/shm"))
    parser.add_argument("--disk", type=pathlib.Path, default=pathlib.Path("target/bench"))
    parser.add_argument("--sheaf", default="target/release/sheaf")
    parser.add_argument("--maker", default="target/release/examples/registry_of_files")
    parser.add_argument("--only", choices=["speed", "memory"])
    options = parser.parse_args()
    shutil.rmtree(options.disk, ignore_errors=True)
    options.disk.mkdir(parents=True)
    facts()
    met = True
    with tempfile.TemporaryDirectory(prefix="sheaf-bench-", dir=options.memory_file_system) as work:
        if options.only != "memory":
            met &= speed(options, pathlib.Path(work), options.disk)
        if options.only != "speed":
            met &= memory(options, pathlib.Path(work), options.disk)
    shutil.rmtree(options.disk)
    sys.exit(not met)


main()
