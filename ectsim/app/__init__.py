"""Dashboards: controls, charts, pages, the Voila template and its server.

Whatever a kernel loads from here keeps NumPy, pandas, SimPy, PyArrow and Pydantic out; the
simulation service (:mod:`ectsim.service`) computes, and :mod:`ectsim.app.client` asks it.
"""

import sys

# Voila loads jsonschema, and that a grammar of internet addresses for a check that nothing here
# asks for; it takes longer than all the rest of the start, two to five seconds. jsonschema does
# without what cannot be imported.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
