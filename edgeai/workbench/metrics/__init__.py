"""What models are judged by: one pure metric a file, from plain values to a number."""

from __future__ import annotations

from edgeai.workbench.metrics.agreement import box_f1, correlation, same_class
from edgeai.workbench.metrics.auc import auc
from edgeai.workbench.metrics.mean_ap import coco_map
from edgeai.workbench.metrics.mean_iou import Confusion
from edgeai.workbench.metrics.mot import mota_idf1
from edgeai.workbench.metrics.pck import pck
from edgeai.workbench.metrics.top_k import top_k

__all__ = ["Confusion", "auc", "box_f1", "coco_map", "correlation", "mota_idf1", "pck", "same_class", "top_k"]
