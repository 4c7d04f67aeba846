"""Judges a ZIP as Python reads it, and by the policy that no ZIP program checks: prints what is wrong, or nothing."""
import struct
import sys
import unicodedata
import zipfile

RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³")}

path = sys.argv[1]
with zipfile.ZipFile(path) as archive, open(path, "rb") as raw:
    if len(sys.argv) < 3 and (bad := archive.testzip()) is not None:
        print(f"testzip: {bad}")
    infos = archive.infolist()
    tops = {info.filename.split("/")[0] for info in infos}
    if len(tops) != 1:
        print(f"not one top folder: {sorted(tops)[:5]}")
    folded = set()
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        name = info.filename
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or ":" in name or any(part in ("", ".", "..") for part in parts):
            print(f"a name that leads elsewhere: {name!r}")
        if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") for letter in name):
            print(f"a letter that is not shown: {name!r}")
        if any(not part or part[-1] in ". " or part.split(".")[0].strip().lower() in RESERVED or len(part.encode()) > 255 for part in parts):
            print(f"a name that Windows refuses: {name!r}")
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        if key in folded:
            print(f"two names that some file systems take for one: {name!r}")
        folded.add(key)
        if info.flag_bits & 0x8:
            print(f"a data descriptor: {name!r}")
        if info.flag_bits & 0x1:
            print(f"encrypted: {name!r}")
        if not name.isascii() and not info.flag_bits & 0x800:
            print(f"not marked as UTF-8: {name!r}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            print(f"an unusual method: {name!r}")
        if (info.external_attr >> 28) not in (0, 0o10):
            print(f"not a regular file: {name!r}")
        # The local header says the same as the central directory, and entries lie side by side.
        raw.seek(info.header_offset)
        signature, _, flags, method, _, _, crc, small, large, name_bytes, extra_bytes = struct.unpack("<IHHHHHIIIHH", raw.read(30))
        local = raw.read(name_bytes)
        extra = raw.read(extra_bytes)
        zip64 = large == 0xFFFFFFFF or small == 0xFFFFFFFF
        if zip64:
            field, size = struct.unpack("<HH", extra[:4])
            large, small = struct.unpack("<QQ", extra[4:20]) if (field, size) == (1, 16) else (None, None)
        if signature != 0x04034B50 or local.decode() != name or flags != info.flag_bits or method != info.compress_type:
            print(f"local and central header differ: {name!r}")
        if (crc, small, large) != (info.CRC, info.compress_size, info.file_size):
            print(f"sizes or checksum differ between headers: {name!r}")
        if zip64 and max(info.file_size, info.compress_size) < 0xFFFFFFFF:
            print(f"ZIP64 without need: {name!r}")
        if info.header_offset != end:
            print(f"a gap or an overlap before {name!r}")
        end = info.header_offset + 30 + name_bytes + extra_bytes + info.compress_size
    if archive.start_dir != end:
        print("a gap or an overlap before the central directory")
