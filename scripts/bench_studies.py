#!/usr/bin/env python3
"""Measures tables of studies: `sheaf studies export` as CSV and XLSX, its time and peak memory, beside sqlite3's shell, pandas
with openpyxl, XlsxWriter and polars, each where it is or can be installed (into .env-bench). The search itself is measured by
`cargo bench --package sheaf-registry --bench studies`.

Everything is made here. Rounds are paired: each one runs every way, in alternating order; medians are compared.

  python scripts/bench_studies.py [--rounds 3] [--studies 1000000] [--workbook 100000]
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv

ENVIRONMENT = pathlib.Path(".env-bench")
PACKAGES = ["pandas", "openpyxl", "XlsxWriter", "polars"]
MEMORY_CEILING = 64_000_000
COLUMNS = (
    "exam_id, medical_record_no, patient_name, patient_gender, patient_age, exam_status, exam_source, exam_description, exam_room, "
    "exam_equipment, order_datetime, check_in_datetime, report_certification_datetime, certified_physician"
)
QUERY = f"SELECT {COLUMNS} FROM study ORDER BY order_datetime DESC, exam_id"
FRAME = """import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
"""
PANDAS = FRAME + f"import pandas\nframe = pandas.read_sql_query({QUERY!r}, connection)\n"
POLARS = FRAME + f"import polars\nframe = polars.read_database({QUERY!r}, connection, infer_schema_length=None)\n"
XLSXWRITER = FRAME + f"""import xlsxwriter
book = xlsxwriter.Workbook(sys.argv[2], {{"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}})
sheet = book.add_worksheet()
for row, values in enumerate(connection.execute({QUERY!r})):
    for column, value in enumerate(values):
        if value is not None:
            sheet.write(row, column, value)
book.close()
"""


def say(text: str = "") -> None:
    print(text, flush=True)


def run(words: list) -> tuple[float, int]:
    """Runs a program to its end; gives seconds and peak resident bytes."""
    began = time.perf_counter()
    child = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{words[0]}: {told.decode(errors='replace')[-2000:]}")
    return seconds, usage.ru_maxrss * 1024


def environment() -> pathlib.Path:
    """A Python with as many of the packages as can be had."""
    python = ENVIRONMENT / "bin/python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
        for package in PACKAGES:
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package], check=False)
    return python


def has(python: pathlib.Path, module: str) -> bool:
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def measure(title: str, ways: dict[str, list], rounds: int, out: pathlib.Path) -> dict[str, tuple[float, int]]:
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in ways}
    for number in range(rounds):
        order = list(ways) if number % 2 == 0 else list(ways)[::-1]
        for name in order:
            for left in out.iterdir():
                left.unlink()
            found[name].append(run(ways[name]))
    say(f"\n**{title}**\n\n| way | seconds | peak memory |\n|---|---|---|")
    medians = {}
    for name, runs in found.items():
        medians[name] = (statistics.median(seconds for seconds, _ in runs), max(peak for _, peak in runs))
        say(f"| {name} | {medians[name][0]:.2f} | {medians[name][1] / 1e6:.0f} MB |")
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--studies", type=int, default=1_000_000)
    parser.add_argument("--workbook", type=int, default=100_000)
    parser.add_argument("--memory-file-system", type=pathlib.Path, default=pathlib.Path("/dev/shm"))
    parser.add_argument("--sheaf", default="target/release/sheaf")
    options = parser.parse_args()
    python = environment()
    with tempfile.TemporaryDirectory(prefix="sheaf-bench-", dir=options.memory_file_system) as work:
        work = pathlib.Path(work)
        out = work / "out"
        out.mkdir()

        def registry(studies: int) -> pathlib.Path:
            run([options.sheaf, "demo", work / f"demo_{studies}", "--patients", 1, "--studies", studies])
            return work / f"demo_{studies}/registry.sqlite"

        def sheaf(registry: pathlib.Path, name: str) -> list:
            words = [options.sheaf, "--home", work / "home", "--quiet", "studies", "export", "--registry", registry]
            return words + ["--out", out / name, "--tz", "UTC"]

        many, few = registry(options.studies), registry(options.workbook)
        ways = {"sheaf": sheaf(many, "a.csv")}
        if shutil.which("sqlite3"):
            ways["sqlite3 shell"] = ["sqlite3", "-readonly", "-csv", "-header", many, f".once {out}/b.csv", QUERY]
        if has(python, "polars"):
            ways["polars"] = [python, "-c", POLARS + "frame.write_csv(sys.argv[2])", many, out / "c.csv"]
        if has(python, "pandas"):
            ways["pandas"] = [python, "-c", PANDAS + "frame.to_csv(sys.argv[2], index=False)", many, out / "d.csv"]
        csv = measure(f"CSV, 14 columns, {options.studies:,} studies", ways, options.rounds, out)
        ways = {"sheaf": sheaf(few, "a.xlsx")}
        if has(python, "xlsxwriter"):
            ways["XlsxWriter, constant memory"] = [python, "-c", XLSXWRITER, few, out / "b.xlsx"]
            if has(python, "polars"):
                ways["polars"] = [python, "-c", POLARS + "frame.write_excel(sys.argv[2])", few, out / "c.xlsx"]
        if has(python, "pandas") and has(python, "openpyxl"):
            ways["pandas + openpyxl"] = [
                python, "-c", PANDAS + "frame.to_excel(sys.argv[2], index=False, engine='openpyxl')", few, out / "d.xlsx",
            ]
        measure(f"XLSX, 14 columns, {options.workbook:,} studies", ways, options.rounds, out)
        whole = measure(f"XLSX, 14 columns, {options.studies:,} studies", {"sheaf": sheaf(many, "a.xlsx")}, 1, out)
    peak = max(csv["sheaf"][1], whole["sheaf"][1])
    met = peak < MEMORY_CEILING
    say(f"\nThe highest peak of sheaf is {peak / 1e6:.0f} MB (goal: under 64 MB): {'met' if met else 'NOT met'}")
    sys.exit(not met)


main()
