"""Opens every file of an extracted export with the program that its readers use; prints how many of each kind.

open_files.py TOP SCHEMA [metadata]     with the word, metadata.json alone
"""
import collections
import json
import pathlib
import sys

import jsonschema
import nibabel
import numpy
import PIL.Image
import pydicom
import stl

top, schema = map(pathlib.Path, sys.argv[1:3])
paths = [top / "metadata.json"] if sys.argv[3:] == ["metadata"] else sorted(top.rglob("*"))
opened = collections.Counter()
for path in paths:
    if path.is_dir():
        continue
    if path.name.endswith(".nii.gz"):
        volume = nibabel.load(path)
        voxels = numpy.asanyarray(volume.dataobj)
        assert voxels.ndim == 3 and voxels.max() > voxels.min(), f"{path} has no picture in it"
        assert min(volume.header.get_zooms()) > 0, f"{path} has no voxel size"
        opened["nifti"] += 1
    elif path.suffix == ".dcm":
        slice_ = pydicom.dcmread(path)
        assert slice_.pixel_array.size == slice_.Rows * slice_.Columns, f"{path} has no picture in it"
        opened["dicom"] += 1
    elif path.suffix == ".stl":
        mesh = stl.mesh.Mesh.from_file(str(path))
        assert len(mesh.vectors) > 100 and numpy.isfinite(mesh.vectors).all(), f"{path} has no surface in it"
        assert numpy.ptp(mesh.vectors.reshape(-1, 3), axis=0).min() > 0, f"{path} is flat"
        opened["stl"] += 1
    elif path.suffix in (".jpg", ".jpeg", ".png"):
        with PIL.Image.open(path) as image:
            image.load()
            low, high = image.convert("L").getextrema()
            assert high > low, f"{path} has no picture in it"
        opened[path.suffix.strip(".")] += 1
    elif path.name == "metadata.json" and path.parent == top:
        document = json.loads(path.read_text(encoding="utf-8"))
        rules = json.loads(schema.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(rules)
        jsonschema.Draft202012Validator(rules, format_checker=jsonschema.FormatChecker()).validate(document)
        opened["metadata"] += 1
    elif path.suffix == ".json":
        assert json.loads(path.read_text(encoding="utf-8")), f"{path} says nothing"
        opened["json"] += 1
print(json.dumps(opened, sort_keys=True))
