# SPDX-License-Identifier: GPL-2.0
"""Sphinx configuration, see tools/docs"""

project = "lbx"
extensions = ["sphinx.ext.graphviz"]
graphviz_output_format = "svg"
root_doc = "index"
# "--" is an option of a command, and not a dash
smartquotes = False
