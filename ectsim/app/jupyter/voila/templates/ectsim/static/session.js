// Says when the session behind the page has ended; Voila itself says nothing. Three ways: the
// kernel died, it was closed after a long pause, or the whole server stopped.
(() => {
  "use strict";

  // anywidget gives a part of the page two seconds to begin and then leaves it out; a slow or busy
  // machine needs longer for a page of a hundred parts.
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (milliseconds) => timeout(milliseconds === 2000 ? 60000 : milliseconds);

  const EVERY = 4000;
  let config;
  let over = false;
  let failures = 0;
  let soon;

  function ended(text, remedy) {
    if (over) return;
    over = true;
    const say = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = text + " ";
    say.append(strong, remedy);
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Start again";
    again.addEventListener("click", () => window.location.reload());
    const box = document.createElement("div");
    box.append(say, again);
    document.getElementById("ect-ended").replaceChildren(box);
    document.body.classList.add("ect-over");
  }

  async function check() {
    if (over || !config) return;
    try {
      const reply = await fetch(`${config.baseUrl}api/kernels/${config.kernelId}`, { cache: "no-store" });
      failures = 0;
      if (reply.status === 404)
        ended("This session has ended.", "What you see is the last result; you can still read, print and save it. To go on, start again.");
      else if (reply.status === 403) ended("You are signed out.", "Open the address with its token again.");
    } catch {
      // Once may be a hiccup, twice is not.
      failures += 1;
      if (failures > 1)
        ended("The dashboard has stopped.", "What you see is the last result; you can still read and print it. Start the dashboard on this computer, then start again here.");
      else look(1000);
    }
  }

  function look(delay) {
    clearTimeout(soon);
    soon = setTimeout(check, delay);
  }

  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...args) {
      super(...args);
      this.addEventListener("close", () => look(300));
    }
  };

  // The opening text leaves when the first widget is there.
  function arrived() {
    const watch = new MutationObserver(() => {
      if (!document.querySelector("#rendered_cells .jupyter-widgets, #rendered_cells .ect")) return;
      const shell = document.getElementById("main");
      if (!shell) return;
      shell.setAttribute("role", "main");
      shell.setAttribute("tabindex", "-1"); // the skip link leads here
      // The shell's own bars are empty; the page has its banner already.
      for (const id of ["voila-top-panel", "voila-bottom-panel"]) document.getElementById(id)?.removeAttribute("role");
      document.getElementById("loading")?.remove();
      watch.disconnect();
    });
    watch.observe(document.body, { childList: true, subtree: true });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const data = document.getElementById("jupyter-config-data");
    if (!data) return;
    config = JSON.parse(data.textContent);
    arrived();
    setInterval(check, EVERY);
  });
  window.addEventListener("pageshow", (event) => event.persisted && look(0));
  document.addEventListener("visibilitychange", () => !document.hidden && look(0));
})();
