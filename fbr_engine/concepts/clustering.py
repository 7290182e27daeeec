"""From images on the feature grid to concepts: which pixels are clustered, and how every pixel gets its atom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbr_engine.concepts.concept_set import BACKGROUND, NONE
from fbr_engine.concepts.kmeans import spherical_kmeans
from fbr_engine.concepts.space import Floats, embed, unit

ACTIVE = 0.6  # share of the threshold from which a pixel counts as activation
PIXELS = 8_000  # activation pixels of one class that are clustered
NO_NROI = 255
INACTIVE = -1


@dataclass(frozen=True, slots=True, eq=False)
class GridImage:
    """One image on the feature grid; ``known``: C tags of the learnt classes (1, 0, -1).

    ``features``: h x w x F. ``cam``: C x h x w float32 in [0, 1], zero for classes it is not tagged with. ``nroi``:
    h x w uint8, which NROI a pixel belongs to, 255 for none.
    """

    image_id: int
    features: npt.NDArray[np.float16]
    cam: Floats
    nroi: npt.NDArray[np.uint8]
    known: npt.NDArray[np.int8]

    def active(self, threshold: float) -> npt.NDArray[np.intp]:
        """Return, h*w, the class (its column) whose activation a pixel is under the run's ``threshold``, or -1."""
        cam = self.cam.reshape(len(self.cam), -1)
        if not len(cam):
            return np.full(self.nroi.size, INACTIVE)
        return np.where(cam.max(axis=0) > ACTIVE * threshold, cam.argmax(axis=0), INACTIVE)


class Sample:
    """At most ``limit`` rows out of all that are added, each as likely as any other."""

    def __init__(self, limit: int, rng: np.random.Generator) -> None:
        self._limit, self._rng = limit, rng
        self._rows: list[Floats] = []
        self._keys: list[npt.NDArray[np.float64]] = []
        self._count = 0

    def add(self, rows: Floats) -> None:
        """Count in some rows, K x D."""
        if len(rows):
            self._rows.append(rows)
            self._keys.append(self._rng.random(len(rows)))
            self._count += len(rows)
        if self._count > 4 * self._limit:
            self._rows, self._keys, self._count = *self._kept(), self._limit

    def rows(self) -> Floats:
        """Return the rows that were drawn."""
        rows, _ = self._kept()
        return rows[0] if rows else np.zeros((0, 0), dtype=np.float32)

    def _kept(self) -> tuple[list[Floats], list[npt.NDArray[np.float64]]]:
        if not self._rows:
            return [], []
        rows, keys = np.concatenate(self._rows), np.concatenate(self._keys)
        kept = np.sort(np.argsort(keys, kind="stable")[: self._limit])
        return [rows[kept]], [keys[kept]]


@dataclass(frozen=True, slots=True, eq=False)
class Atoms:
    """What pixels are compared with: see `ConceptSet` for the fields; ``near``: A, the median cosine of its pixels."""

    mean: Floats
    basis: Floats
    class_ids: npt.NDArray[np.int32]
    centroids: Floats
    family: npt.NDArray[np.int32]
    near: Floats


class Collector:
    """Draws the pixels and NROIs that are clustered; ``seed`` decides all choices."""

    def __init__(self, mean: Floats, basis: Floats, class_ids: npt.NDArray[np.int32], threshold: float, seed: int):
        self.mean, self.basis, self.class_ids, self.threshold, self.seed = mean, basis, class_ids, threshold, seed
        self._pixels = [Sample(PIXELS, self._rng(c, 0)) for c in class_ids]
        self._nrois: list[Floats] = []

    def add(self, image: GridImage) -> None:
        """Take in the activation pixels and NROIs of one image."""
        points, active = embed(image.features, self.mean, self.basis), image.active(self.threshold)
        for column, sample in enumerate(self._pixels):
            sample.add(points[active == column])
        self._nrois.append(nroi_means(points, image.nroi.ravel(), active)[1])

    def atoms(self, per_class: int, background: int) -> Atoms:
        """Cluster what was taken in."""
        groups = [(int(c), s.rows(), per_class) for c, s in zip(self.class_ids, self._pixels, strict=True)]
        nrois = np.concatenate(self._nrois) if self._nrois else np.zeros((0, self.basis.shape[1]), np.float32)
        groups.append((BACKGROUND, nrois, background))
        centroids, family, near = [], [], []
        for class_id, rows, count in groups:
            if not len(rows):
                continue
            found = spherical_kmeans(rows, count, self._rng(class_id, 1))
            centroids.append(found)
            family += [class_id] * len(found)
            near.append(median_fit(rows, found))
        return Atoms(
            self.mean,
            self.basis,
            self.class_ids,
            np.concatenate(centroids) if centroids else np.zeros((0, self.basis.shape[1]), np.float32),
            np.array(family, dtype=np.int32),
            np.concatenate(near) if near else np.zeros(0, np.float32),
        )

    def _rng(self, class_id: int, step: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, int(class_id), step])


def median_fit(rows: Floats, centroids: Floats) -> Floats:
    """Return, per centroid, the median cosine of the rows nearest to it."""
    likeness = rows @ centroids.T
    nearest = likeness.argmax(axis=1)
    own = likeness[np.arange(len(rows)), nearest]
    medians = [np.median(own[nearest == k]) if (nearest == k).any() else 1 for k in range(len(centroids))]
    return np.array(medians, dtype=np.float32)


def nroi_means(
    points: Floats, nroi: npt.NDArray[np.uint8], active: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return which NROIs of an image have a pixel that is no activation, K, and their mean embeddings, K x D."""
    counted = np.where(active == INACTIVE, nroi, NO_NROI)
    found = np.unique(counted[counted != NO_NROI])
    belongs = (counted[None] == found[:, None]).astype(np.float32)
    return found.astype(np.intp), unit(belongs @ points)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One image's pixels: ``labels`` h x w uint16, and what `ConceptSet` keeps of each of the K atoms it shows.

    ``alike``: A bool, activation atoms of classes it lacks that something in it is as like as their own pixels are.
    """

    labels: npt.NDArray[np.uint16]
    atoms: npt.NDArray[np.int32]
    pixels: npt.NDArray[np.int32]
    fit: Floats
    cam: npt.NDArray[np.float16]
    alike: npt.NDArray[np.bool_]


def label_image(image: GridImage, atoms: Atoms, threshold: float) -> Labelled:
    """Give each pixel of an image its atom.

    An activation pixel takes the nearest atom of its class, an NROI's pixels the background atom nearest to the NROI. A
    pixel of neither takes the background atom nearest to it, or none where no tag is known.
    """
    points, active = embed(image.features, atoms.mean, atoms.basis), image.active(threshold)
    likeness = points @ atoms.centroids.T
    labels = np.full(len(points), NONE, dtype=np.uint16)
    for column, class_id in enumerate(atoms.class_ids):
        _nearest(labels, np.flatnonzero(active == column), likeness, np.flatnonzero(atoms.family == class_id))
    ground = np.flatnonzero(atoms.family == BACKGROUND)
    if (image.known >= 0).any():
        _nearest(labels, np.flatnonzero(active == INACTIVE), likeness, ground)
    numbers, means = nroi_means(points, image.nroi.ravel(), active)
    if len(ground):
        for number, atom in zip(numbers, ground[(means @ atoms.centroids[ground].T).argmax(axis=1)], strict=True):
            labels[(image.nroi.ravel() == number) & (active == INACTIVE)] = atom
    return _described(image, atoms, likeness, labels)


def _nearest(
    labels: npt.NDArray[np.uint16],
    pixels: npt.NDArray[np.intp],
    likeness: Floats,
    among: npt.NDArray[np.intp],
) -> None:
    if len(pixels) and len(among):
        labels[pixels] = among[likeness[np.ix_(pixels, among)].argmax(axis=1)]


def _described(image: GridImage, atoms: Atoms, likeness: Floats, labels: npt.NDArray[np.uint16]) -> Labelled:
    found, pixels, fit, cam = member_rows(labels, likeness, image.cam)
    lacks = np.isin(atoms.family, atoms.class_ids[image.known == 0])
    enough = max(1.0, 0.01 * len(labels))
    alike = lacks & ((likeness > atoms.near).sum(axis=0) >= enough)
    return Labelled(labels.reshape(image.nroi.shape), found, pixels, fit, cam, alike)


def member_rows(
    labels: npt.NDArray[np.uint16], likeness: Floats, cam: Floats
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Floats, npt.NDArray[np.float16]]:
    """Return of the K atoms in ``labels`` (h*w): their numbers, pixels, mean fit, and CAM sums (K x C)."""
    found = np.unique(labels[labels != NONE])
    belongs = (labels[None] == found[:, None]).astype(np.float32)
    pixels = belongs.sum(axis=1)
    fit = np.array([likeness[labels == a, a].mean() for a in found], dtype=np.float32)
    sums = belongs @ cam.reshape(len(cam), -1).T
    return found.astype(np.int32), pixels.astype(np.int32), fit, sums.astype(np.float16)
