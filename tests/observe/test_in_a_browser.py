"""The page as a person has it: in Chromium, on a desk and on a phone, in the light and in the dark."""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib.resources import files

import pytest

from edgeai import Pipeline
from tests.observe.conftest import Reader, graph, number

webdriver = pytest.importorskip("selenium.webdriver", reason="the browser tests need selenium")

from selenium.webdriver.chrome.service import Service  # noqa: E402 - selenium may be missing
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER),
    reason="there is no chromium or no chromedriver: on Debian, apt install chromium chromium-driver",
)
QUIET = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars"
)
DESK, PHONE = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    with tempfile.TemporaryDirectory() as profile:
        for argument in (*QUIET.split(), f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options, Service(CHROMEDRIVER))
        yield driver
        driver.quit()


class Page:
    """The page in the browser."""

    def __init__(self, driver, reader, size=DESK, theme="light"):
        self.driver, self.reader = driver, reader
        driver.get("about:blank")
        driver.get_log("browser")
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        driver.get(f"http://127.0.0.1:{reader.port}/")
        self.until(lambda: self.text("#state") == "Running")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).text

    def until(self, says):
        WebDriverWait(self.driver, 10).until(lambda _: says())

    def run(self, script):
        return self.driver.execute_script(script)


@pytest.fixture
def two_stages():
    """A pipeline for each test."""
    stages = {
        "count": {"call": number, "input": "cam"},
        "next": {"call": lambda result: result.value, "input": "count"},
    }
    pipeline = Pipeline(graph(stages=stages)).live_view(0)
    with pipeline.stream("next") as results, pipeline:
        next(results)
        yield Reader(pipeline)


@pytest.fixture
def page(chromium, two_stages):
    return Page(chromium, two_stages)


def test_it_asks_nobody_else_and_complains_of_nothing(page):
    page.until(lambda: page.run("return performance.getEntriesByType('resource').length") > 5)
    asked = page.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert {name.split("/")[2] for name in asked} == {f"127.0.0.1:{page.reader.port}"}
    assert page.driver.get_log("browser") == []


def test_it_shows_pictures_and_numbers(page):
    page.until(lambda: page.run("return document.querySelector('.picture img').naturalWidth") == 64)
    page.until(lambda: float(page.text(".fps").split()[0]) > 10)
    assert page.text("#basis") == "modelled"
    assert float(page.text("#watts")) > 0
    assert "count" in page.text("#flow")
    page.until(lambda: "frames" in page.text("#drops"))
    page.until(lambda: page.run("return document.querySelector('.chart path').getAttribute('d').length") > 20)
    assert page.run("return document.querySelectorAll('#drivers li').length") == len(page.reader.pipeline.drivers)


def test_the_buttons_do_what_they_say(page):
    page.find("#pause").click()
    page.until(lambda: page.text("#state") == "Paused")
    assert page.reader.pipeline.paused
    page.find("#pause").click()
    page.until(lambda: page.text("#state") == "Running")
    Select(page.find("#policy")).select_by_value("power")
    page.find("#budget").send_keys("9.5")
    page.find("#schedule button").click()
    page.until(lambda: "changed" in page.text("#toast"))
    assert page.reader.pipeline.schedule.budget == 9.5


def test_what_is_refused_is_told_in_a_sentence(page):
    Select(page.find("#policy")).select_by_value("power")
    page.find("#budget").send_keys("0.1")
    page.find("#schedule button").click()
    page.until(lambda: "budget" in page.text("#toast"))
    assert page.reader.pipeline.schedule.policy == "fixed"


def test_the_keyboard_is_enough(page):
    reached = [""]
    while reached[-1] != "journal" and len(reached) < 30:
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = page.driver.switch_to.active_element
        reached.append(focused.get_attribute("id") or focused.get_attribute("class"))
        if reached[-1] == "pause":
            focused.send_keys(Keys.SPACE)
            page.until(lambda: page.text("#state") == "Paused")
    assert {"pause", "record", "snapshot", "policy", "flow", "journal"} <= set(reached)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_it_fits_and_can_be_read(chromium, two_stages, size, theme):
    page = Page(chromium, two_stages, size, theme)
    page.until(lambda: "frames" in page.text("#drops"))
    assert page.run("return document.documentElement.scrollWidth") <= size[0]
    page.driver.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text())
    found = page.driver.execute_async_script(
        "const done = arguments[0]; axe.run().then(done, e => done({error: `${e}`}))"
    )
    wrong = {row["id"]: [node["html"] for node in row["nodes"]] for row in found["violations"]}
    assert wrong == {}, json.dumps(wrong, indent=1)
    small = page.run(
        "return [...document.querySelectorAll('button, select, input, a.snapshot')]"
        ".filter(at => at.offsetParent && at.getBoundingClientRect().height < 24).map(at => at.outerHTML)"
    )
    assert small == []


def test_a_lost_connection_is_told_and_made_again(page):
    page.reader.pipeline.stop()
    page.until(lambda: page.find("#lost").is_displayed())
