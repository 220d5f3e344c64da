"""Acts as a person at a browser: opens the URL of aws-sso, presses a button, and writes down what the browser shows.

    browser.py (approve|deny) URL NOTES SCREENSHOTS

Writes the JSON file NOTES at the end: {"asked": PAGE, "answered": PAGE, "reloaded": PAGE} or {"failure": TEXT}. The page
"reloaded" is aws-sso's page after a reload. A PAGE has the `title`, the `text`, the lines of the `console`, and the
`status` and `headers` of the answer.
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 30
ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # Chromium's sandbox does not work for root.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,600",
]


def browser(profile, *more):
    options = webdriver.ChromeOptions()
    # With both paths given, Selenium downloads nothing.
    options.binary_location = "/usr/bin/chromium"
    for argument in [*ARGUMENTS, f"--user-data-dir={profile}", *more]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def last_answer(driver):
    """The status and the headers of the last document since the previous call, if there is one."""
    found = {"status": None, "headers": {}}
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.responseReceived" and message["params"]["type"] == "Document":
            response = message["params"]["response"]
            headers = {name.lower(): value for name, value in response["headers"].items()}
            found = {"status": response["status"], "headers": headers}
    return found


def page(driver, screenshot):
    driver.save_screenshot(str(screenshot))
    return {
        "title": driver.title,
        "text": driver.find_element(By.TAG_NAME, "body").text,
        "console": [entry["message"] for entry in driver.get_log("browser")],
        **last_answer(driver),
    }


def visit(driver, button, url, screenshots):
    driver.get(url)
    yield "asked", page(driver, screenshots / f"{button}-asked.png")
    driver.find_element(By.ID, button).click()
    WebDriverWait(driver, PATIENCE).until(expected.title_contains("· aws-sso"))
    yield "answered", page(driver, screenshots / f"{button}-answered.png")
    try:
        driver.refresh()
    except WebDriverException:
        pass  # The server has ended.
    yield "reloaded", page(driver, screenshots / f"{button}-reloaded.png")


def main(button, url, notes, screenshots):
    screenshots = Path(screenshots)
    screenshots.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, browser(profile) as driver:
            seen = dict(visit(driver, button, url, screenshots))
    except Exception:  # aws-sso has started this script, and nobody reads its stderr.
        seen = {"failure": traceback.format_exc()}
    unfinished = notes + ".unfinished"
    Path(unfinished).write_text(json.dumps(seen), encoding="utf-8")
    os.replace(unfinished, notes)


if __name__ == "__main__":
    main(*sys.argv[1:])
