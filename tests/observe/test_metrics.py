"""Metrics as Prometheus reads them, and the dashboard that shows them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

DASHBOARD = Path(__file__).parents[2] / "tools" / "grafana" / "edgeai.json"
UNITS = ("seconds", "bytes", "joules", "watts", "celsius", "ratio", "total", "info")


@pytest.fixture(scope="module")
def scraped(watched):
    """Every family of metrics by name, as Prometheus' own parser reads them."""
    status, headers, text = watched.ask("/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return {family.name: family for family in text_string_to_metric_families(text.decode())}


def samples(family):
    return {(sample.name, *sorted(sample.labels.items())): sample.value for sample in family.samples}


def test_every_frame_is_accounted_for(scraped):
    ready = sum(samples(scraped["edgeai_ready"]).values())
    results = sum(samples(scraped["edgeai_results"]).values())
    dropped = sum(samples(scraped["edgeai_dropped"]).values())
    waiting = sum(samples(scraped["edgeai_in_flight"]).values())
    assert results >= 3
    assert abs(ready - results - dropped - waiting) <= 2  # read one after the other while the pipeline runs


def test_a_histogram_counts_every_result_in_rising_buckets(scraped):
    rows = samples(scraped["edgeai_latency_seconds"])
    counted = [value for (name, *_), value in rows.items() if name.endswith("_count")]
    buckets = [value for (name, *_), value in rows.items() if name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert [buckets[-1]] == counted
    steps = {sample.labels["step"] for sample in scraped["edgeai_step_seconds"].samples}
    assert steps == {"queued", "called"}


def test_names_and_units_keep_to_the_conventions(scraped):
    for family in scraped.values():
        assert re.fullmatch(r"(edgeai|process)_[a-z_]+", family.name)
        assert family.documentation
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
        for sample in family.samples:
            assert (family.type == "counter") == sample.name.endswith(("_total", "_created"))
            assert not any(unit in sample.name.split("_")[:-2] for unit in UNITS if unit != "info"), sample.name


def test_drivers_power_and_the_process_are_told(scraped):
    states = samples(scraped["edgeai_driver_state"])
    assert states["edgeai_driver_state", ("driver", "cam"), ("kind", "camera"), ("state", "running")] == 1
    assert sum(value for key, value in states.items() if ("driver", "cam") in key) == 1
    assert scraped["edgeai_frames_captured"].samples[0].labels == {"source": "cam"}
    assert scraped["edgeai_power_watts"].samples[0].labels == {"basis": "modelled"}
    assert scraped["process_resident_memory_bytes"].samples[0].value > 1e6


def test_the_dashboard_asks_for_nothing_that_is_not_exported(scraped):
    exported = {name for family in scraped.values() for name in (family.name, f"{family.name}_total")}
    exported |= {sample.name for family in scraped.values() for sample in family.samples}
    labels = {label for family in scraped.values() for sample in family.samples for label in sample.labels}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len(panels) > 10
    for panel in panels:
        for target in panel["targets"]:
            asked = re.findall(r"\b(?:edgeai|process)_\w+", target["expr"])
            assert asked, panel["title"]
            assert set(asked) <= exported, panel["title"]
            shown = re.findall(r"{{(\w+)}}", target["legendFormat"])
            assert set(shown) <= labels | {"output"}, panel["title"]
