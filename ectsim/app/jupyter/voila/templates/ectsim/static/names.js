// The sliders of ipywidgets have no accessible name; they get the text of the label beside them.
(() => {
  "use strict";

  function name() {
    for (const handle of document.querySelectorAll(".noUi-handle[role=slider]:not([aria-label])")) {
      const widget = handle.closest(".widget-inline-hbox, .widget-inline-vbox, .jupyter-widgets");
      const label = widget?.querySelector(".widget-label")?.textContent.trim();
      const readout = widget?.querySelector(".widget-readout");
      if (!label) continue;
      const handles = [...widget.querySelectorAll(".noUi-handle")];
      handle.setAttribute("aria-label", handles.length > 1 ? `${label}, ${handles.indexOf(handle) ? "to" : "from"}` : label);
      readout?.setAttribute("aria-label", `${label}, value`);
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const target = document.getElementById("rendered_cells");
    if (target) new MutationObserver(name).observe(target, { childList: true, subtree: true });
  });
})();
