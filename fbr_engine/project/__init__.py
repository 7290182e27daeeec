"""The project on disk: images, tags, runs and what is finished; the only writer inside the project folder."""

from fbr_engine.project.classes import ClassInfo
from fbr_engine.project.feature_shards import FeatureShards
from fbr_engine.project.file_systems import free_space_check
from fbr_engine.project.files import (
    image_file,
    load_arrays,
    load_json,
    load_mask,
    make_folder,
    map_path,
    save_arrays,
    save_json,
    save_mask,
)
from fbr_engine.project.gallery import GalleryRow, ImageFilter
from fbr_engine.project.images import ImageInfo
from fbr_engine.project.import_tags import ImportReport, import_folders, import_table
from fbr_engine.project.judgements import Judgement
from fbr_engine.project.maps import MapInfo
from fbr_engine.project.new_photos import find_new
from fbr_engine.project.paths import IMAGE_EXTENSIONS, decode_path, encode_path, find_images
from fbr_engine.project.person_masks import PersonMask
from fbr_engine.project.runs import RunInfo
from fbr_engine.project.store import Project
from fbr_engine.project.tags import ABSENT, PRESENT, UNKNOWN, Tag

__all__ = [
    "ABSENT",
    "IMAGE_EXTENSIONS",
    "PRESENT",
    "UNKNOWN",
    "ClassInfo",
    "FeatureShards",
    "GalleryRow",
    "ImageFilter",
    "ImageInfo",
    "ImportReport",
    "Judgement",
    "MapInfo",
    "PersonMask",
    "Project",
    "RunInfo",
    "Tag",
    "decode_path",
    "encode_path",
    "find_images",
    "find_new",
    "free_space_check",
    "image_file",
    "import_folders",
    "import_table",
    "load_arrays",
    "load_json",
    "load_mask",
    "make_folder",
    "map_path",
    "save_arrays",
    "save_json",
    "save_mask",
]
