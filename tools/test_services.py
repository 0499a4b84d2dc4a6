"""See that this machine can run every test: PostgreSQL, Redis, Chromium and a Chinese font.

Run by ``make test`` as ``python -m tools.test_services check``. As root on a machine with apt,
Chromium and the font are installed when missing; otherwise the remedy is printed.
"""

import argparse
import os
import shutil
import subprocess
import sys

from tests.services import (
    APT_PACKAGES,
    BROWSER_REMEDY,
    ServiceError,
    chromium_path,
    has_chinese_font,
    postgresql,
    redis,
)


def browser_fault() -> str | None:
    """Return what browser tests lack here, or None."""
    try:
        browser = chromium_path()
        subprocess.run([browser, "--version"], check=True, capture_output=True, timeout=60)
    except ServiceError as error:
        return str(error)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{browser} does not run ({error}). {BROWSER_REMEDY}"
    return None if has_chinese_font() else f"No Chinese font. {BROWSER_REMEDY}"


def install_browser() -> None:
    """Install Chromium and the font with apt, where that is possible."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    print(f"Installing {' and '.join(APT_PACKAGES)}...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *APT_PACKAGES]):
        if subprocess.run([apt, "-qq", *arguments], env=environment).returncode:
            return


def check() -> list[str]:
    """Return the faults that keep tests from running."""
    faults = []
    if browser_fault():
        install_browser()
    fault = browser_fault()
    if fault:
        faults.append(fault)
    for service in (postgresql, redis):
        try:
            with service():
                pass
        except ServiceError as error:
            faults.append(str(error))
    return faults


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.test_services", description=__doc__)
    parser.add_argument("command", choices=["check"])
    parser.parse_args()
    faults = check()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
