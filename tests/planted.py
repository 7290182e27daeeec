"""A project whose features and CAMs are made up: what each pixel is of is known, and nothing is trained.

Every image is wall above; below lie a cat, a dog or both, and where a dog is there is grass, which the dog's CAM takes
for dog. Runs of other ``turn`` see the same pixels through other features, on another grid.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.config import ConceptsConfig
from fbr_engine.project import FeatureShards, Project, RunInfo, make_folder, save_arrays
from fbr_engine.stages import concepts as concepts_stage
from fbr_engine.stages.stored_concepts import load_concepts

WALL, CAT, DOG, GRASS = range(4)
CAT_ID, DOG_ID = 1, 2
DIMS = 8
SIZE = (64, 64)
CAMS_OF = {CAT_ID: {CAT: 230}, DOG_ID: {DOG: 230, GRASS: 165}}


def make_planted(folder: Path, images: int = 12) -> Project:
    """Make the project, open for writing: image 1 has a cat, 2 a dog, 3 both, 4 neither, 5 a cat ...; no run."""
    make_folder(folder / "images")
    project = Project.create(folder / "p", folder / "images")
    project.classes.add(["cat", "dog"])
    project.images.add([f"{i:04d}.jpg" for i in range(1, images + 1)], "train")
    project.images.set_sizes([(i, SIZE[1], SIZE[0]) for i in range(1, images + 1)])
    project.tags.set_many((i, c, int(c in tags_of(i))) for i in range(1, images + 1) for c in (CAT_ID, DOG_ID))
    return project


def tags_of(image_id: int) -> set[int]:
    """Return the classes in an image."""
    return ({CAT_ID}, {DOG_ID}, {CAT_ID, DOG_ID}, set())[(image_id - 1) % 4]


def materials(image_id: int, side: int) -> npt.NDArray[np.int64]:
    """Return what each pixel of an image is of, ``side`` x ``side``."""
    plane = np.full((side, side), WALL)
    half, third = side // 2, side // 3
    if CAT_ID in tags_of(image_id):
        plane[half:, :third] = CAT
    if DOG_ID in tags_of(image_id):
        plane[half:, third : 2 * third] = DOG
        plane[half:, 2 * third :] = GRASS
    return plane


def add_run(project: Project, name: str, turn: int = 0, side: int = 9) -> RunInfo:
    """Add a run with CAMs and features on a grid of ``side`` x ``side``; CAMs have twice as many each way."""
    info = project.runs.create(name, "cam", {})
    info = project.runs.update(info.id, status="done", figures={"class_ids": [CAT_ID, DOG_ID]})
    folder = project.runs.folder(name)
    (folder / "checkpoint.safetensors").write_bytes(name.encode())
    rng = np.random.default_rng(turn)
    look = np.linalg.qr(rng.normal(size=(DIMS, DIMS)))[0][:4] * 3
    rows = []
    with FeatureShards(folder / "features") as shards:
        for image in project.images.iter():
            path = project.map_path(name, image.path, "cams", "npz")
            plane = materials(image.id, side)
            features = look[plane] + rng.normal(scale=0.15, size=(side, side, DIMS)) + 1
            save_arrays(path, **_maps(image.id, plane, rng))
            extra = {"features": shards.append(features.astype(np.float16))}
            rows.append((info.id, image.id, "cams", f"made-{name}", path.relative_to(project.folder).as_posix(), extra))
    project.maps.record_many(rows)
    return info


def _maps(image_id: int, plane: npt.NDArray[np.int64], rng: np.random.Generator) -> dict[str, npt.NDArray[np.generic]]:
    fine = plane.repeat(2, axis=0).repeat(2, axis=1)
    cam = np.zeros((2, *fine.shape), dtype=np.uint8)
    for row, class_id in enumerate((CAT_ID, DOG_ID)):
        for material, value in CAMS_OF[class_id].items():
            cam[row][fine == material] = value
        cam[row] = np.clip(cam[row] + rng.integers(1, 20, fine.shape), 0, 255)
    nroi = np.where(plane == WALL, 0, 255).astype(np.uint8)
    scale = np.ones(2, dtype=np.float32)
    return {
        "cam": cam,
        "scale": scale,
        "peak": scale,
        "logits": np.array([4 if c in tags_of(image_id) else -4 for c in (CAT_ID, DOG_ID)], dtype=np.float32),
        "class_ids": np.array([CAT_ID, DOG_ID], dtype=np.int32),
        "size": np.array(SIZE, dtype=np.int32),
        "nroi_labels": nroi,
        "nroi_centroids": np.zeros((1, 4), dtype=np.float32),
        "nroi_sizes": np.array([(nroi == 0).sum()], dtype=np.int32),
    }


def mostly(concepts: ConceptSet, concept_id: int) -> int:
    """Return what most pixels of a concept are of."""
    counts = np.zeros(4)
    for member in concepts.members(concept_id):
        plane = concepts.concept_plane(member.image_id, concept_id)
        counts += np.bincount(materials(member.image_id, plane.shape[0])[plane], minlength=4)
    return int(counts.argmax())


def concepts_of(concepts: ConceptSet, material: int, family: int) -> list[int]:
    """Return the concepts of one family that are mostly of a material."""
    return [i for i in concepts.ids() if concepts.family_of(i) == family and mostly(concepts, i) == material]


def find_concepts(project: Project, info: RunInfo, per_class: int = 3, background: int = 4) -> ConceptSet:
    """Run the stage ``concepts``."""
    for _ in concepts_stage.run(project, ConceptsConfig(per_class=per_class, background=background), info.name):
        pass
    found = load_concepts(project, info)
    assert found is not None
    return found
