// The part of the page's address after "?": told once, written without a reload.

function render({ model, el: root }) {
  root.hidden = true;
  const query = () => Object.fromEntries(new URLSearchParams(window.location.search));
  model.send({ event: "arrived", query: query() });
  model.on("change:query", () => {
    const text = new URLSearchParams(model.get("query")).toString();
    const address = window.location.pathname + (text ? "?" + text : "") + window.location.hash;
    if (address !== window.location.pathname + window.location.search + window.location.hash)
      window.history.replaceState(null, "", address);
  });
}

export default framed(render);
