# SPDX-License-Identifier: GPL-2.0
"""Sphinx configuration, see tools/docs"""

import pathlib
import re

project = "lbx"
header = pathlib.Path(__file__).parent.parent / "drivers/net/lbx/lbx.h"
release = re.search(r'#define LBX_VERSION\s+"(.+)"', header.read_text()).group(1)
extensions = ["sphinx.ext.graphviz"]
graphviz_output_format = "svg"
root_doc = "index"
# "--" is an option of a command, and not a dash
smartquotes = False
