// What a page shows stands in its address, so that a link or a reload brings it back. Written without a step in the
// browser's history: the back button leads to the page before.
(() => {
  const write = (query) => {
    const text = query.toString();
    window.history.replaceState(window.history.state, "", window.location.pathname + (text ? "?" + text : ""));
    window.dash_clientside.set_props("address", { data: text });
  };
  const same = (one, other) => JSON.stringify([one ?? null].flat()) === JSON.stringify([other ?? null].flat());
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    address: {
      folder: (shown) => {
        const query = new URLSearchParams(window.location.search);
        if (!shown || !shown.folder || query.get("results") === shown.folder) return window.dash_clientside.no_update;
        query.set("results", shown.folder);
        write(query);
        return query.toString();
      },
      link: (href) => {
        const path = window.location.pathname.replace(/\/+$/, "");
        if (!href || path !== "/what-if") return window.dash_clientside.no_update;
        const query = new URLSearchParams(href.split("?")[1] || "");
        const folder = new URLSearchParams(window.location.search).get("results");
        if (folder) query.set("results", folder);
        write(query);
        return href;
      },
      controls: (usual, ...values) => {
        const path = window.location.pathname.replace(/\/+$/, "") || "/";
        if (!usual || path !== usual.path) return window.dash_clientside.no_update;
        const query = new URLSearchParams(window.location.search);
        usual.names.forEach((name, place) => {
          query.delete(name);
          if (same(values[place], usual.usual[place])) return;
          const said = [values[place]].flat();
          said.forEach((value) => query.append(name, String(value)));
          if (said.length === 0) query.append(name, "");
        });
        write(query);
        return null;
      },
    },
  });
})();
