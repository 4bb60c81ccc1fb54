# SPDX-FileCopyrightText: The Fairlead authors
# SPDX-License-Identifier: Apache-2.0
"""The certificates of this run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import kit  # noqa: E402
import certificates  # noqa: E402

kit.need(certificates.available(), "openssl")

PAPERS = certificates.Papers()
for _name in ("server", "renewed", "device", "other"):
    PAPERS.issue(_name)
PAPERS.issue("rsa", kind="rsa")
PAPERS.stranger("stranger")
