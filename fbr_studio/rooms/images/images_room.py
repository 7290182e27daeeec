"""The room where images get their tags: a gallery with filters, and the tag editor beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QSize, QTimer, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QHideEvent, QImage, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu

from fbr_engine.config import TrainConfig
from fbr_engine.errors import FbrError
from fbr_engine.project import ClassInfo, ImageFilter, Project, RunInfo
from fbr_engine.project.paths import shown
from fbr_studio.actions import Actions
from fbr_studio.jobs.follow_up import maps_job
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.jobs.thumbnails import ThumbnailLoader
from fbr_studio.preferences import Preferences, cache_folder
from fbr_studio.rooms.images import room_actions as todo
from fbr_studio.rooms.images.class_admin import ClassAdmin
from fbr_studio.rooms.images.dropped import what_was_dropped
from fbr_studio.rooms.images.image_facts import ImageFacts, look_up, probabilities
from fbr_studio.rooms.images.image_pane import ImagePane
from fbr_studio.rooms.images.listing import Counts, Listing, count_images, list_images, summarise_tags
from fbr_studio.rooms.images.new_photos import NewPhotos
from fbr_studio.rooms.images.next_untagged import next_untagged
from fbr_studio.rooms.images.project_cells import ImagePaths, ProjectCells, class_items, state_of
from fbr_studio.rooms.images.tag_editor import TagEditor
from fbr_studio.rooms.images.tag_import import TagImport, import_tags, sentences
from fbr_studio.rooms.images.tag_panel import TagPanel, set_undo_texts
from fbr_studio.rooms.images.tag_rules import LIKELY
from fbr_studio.rooms.room import Room
from fbr_studio.state.session import Session
from fbr_studio.widgets.basics import hairline
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.gallery.gallery_view import SIDE_STEP
from fbr_studio.widgets.gallery.state_marks import state_mark
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.tags.tag_summary import TagSummary, TagValue
