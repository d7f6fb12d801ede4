/* The queue's grid in the browser: rows come once by REST, then as deltas with a version.
 *
 * The server holds no rows of the grid, and hears of rows by their ids only.
 */
"use strict";

window.WD = (() => {
  const { cells, word, kind, message, duration, secondsUntil, learnSkew } = window.WD_cells;
  const NARROW = 900;
  // On a narrow screen these stay, in this order; the task editor shows the rest of a row.
  const NARROW_COLUMNS = {
    position: { width: 44 },
    status: { width: 54 },
    output_images: { width: 100, pinned: null },
    prompt: { minWidth: 150 },
    progress: {},
    message: { width: 200 },
  };
  const EDITED_IN_PLACE = ["prompt", "task_name"];
  const RETRY_MS = 5000;
  const DOUBLE_CLICK_MS = 220;
  const grids = {};
  const early = {}; // by grid: the rows asked for, and the deltas heard, before the grid was there

  /* --- rows: snapshot and deltas ------------------------------------------------------------ */

  const ask = (url) => fetch(url, { credentials: "same-origin", cache: "no-store" });

  function askEarly(key, url) {
    early[key] = { answer: ask(url), deltas: [] };
    early[key].answer.catch(() => {}); // looked at when the grid is there
  }

  function attach(key, api, url) {
    const wrap = document.querySelector(`[data-grid="${key}"]`);
    const { answer, deltas = [] } = early[key] ?? {};
    const grid = {
      key, api, url, wrap, answer, pending: deltas, version: -1, loading: false, places: new Map(), selected: 0,
    };
    grids[key] = grid;
    delete early[key];
    restoreColumns(grid);
    api.setGridAriaProperty("label", word(api.getGridOption("context"), "grid.label"));
    return resync(grid);
  }

  async function resync(grid) {
    if (grid.loading) return;
    grid.loading = true;
    clearTimeout(grid.retry);
    let known = false;
    try {
      const response = await (grid.answer ?? ask(grid.url));
      if (response.status === 401) return location.reload();
      learnSkew(response);
      const answer = await response.json();
      // A distant studio that is away still tells what was last known of it; the toolbar says so.
      known = Boolean(answer.data?.rows);
      if (known) replaceRows(grid, answer.data);
      if (!answer.success) throw new Error(answer.message);
    } catch (error) {
      console.warn("queue rows:", error);
      show(grid, !known);
      grid.retry = setTimeout(() => resync(grid), RETRY_MS);
    } finally {
      grid.loading = false;
      grid.answer = undefined;
    }
    const missed = grid.pending;
    grid.pending = [];
    missed.forEach((delta) => step(grid, delta));
  }

  function replaceRows(grid, snapshot) {
    if (grid.api.isDestroyed()) return;
    renumber(grid, snapshot.rows);
    grid.api.setGridOption("rowData", snapshot.rows); // matched by id: scroll and selection survive
    grid.version = snapshot.cursor;
    settled(grid, true);
    show(grid, false);
  }

  function apply(key, delta) {
    const grid = grids[key];
    if (!grid) early[key]?.deltas.push(delta);
    if (!grid || grid.api.isDestroyed()) return;
    if (grid.loading) grid.pending.push(delta);
    else step(grid, delta);
  }

  function step(grid, delta) {
    if (delta.reset) return resync(grid);
    if (delta.v <= grid.version) return; // already in the snapshot
    if (delta.base > grid.version) return resync(grid); // something between was missed
    const add = [];
    const update = [];
    for (const row of delta.upsert) (grid.api.getRowNode(row.id) ? update : add).push(row);
    const remove = delta.remove.filter((id) => grid.api.getRowNode(id)).map((id) => ({ id }));
    const moved = update.some((row) => row.position !== grid.api.getRowNode(row.id).data.position);
    grid.api.applyTransaction({ add, update, remove });
    grid.version = delta.v;
    const renumbered = add.length > 0 || remove.length > 0 || moved;
    if (renumbered) renumber(grid, allRows(grid));
    settled(grid, renumbered);
    show(grid, false);
  }

  function allRows(grid) {
    const rows = [];
    grid.api.forEachNode((node) => rows.push(node.data));
    return rows;
  }

  /** STT is the rank by position, so that a deletion renumbers without a row being sent again. */
  function renumber(grid, rows) {
    const ordered = rows.slice().sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
    grid.places = new Map(ordered.map((row, index) => [row.id, index + 1]));
    grid.api.getGridOption("context").places = grid.places;
  }

  function settled(grid, renumbered) {
    if (renumbered) showOwners(grid);
    if (renumbered) grid.api.refreshCells({ columns: ["position"], force: true });
    selectionChanged(grid);
  }

  /** Whose a row is matters as soon as there are two of them; a person may hide the column again. */
  function showOwners(grid) {
    if (grid.knowsOwners || window.innerWidth < NARROW) return;
    const owners = new Set(allRows(grid).map((row) => row.owner));
    grid.knowsOwners = owners.size > 1;
    if (grid.knowsOwners) grid.api.setColumnsVisible(["owner_name"], true);
  }

  function show(grid, offline) {
    const empty = grid.version >= 0 && grid.places.size === 0;
    grid.wrap.dataset.state = grid.version < 0 ? "loading" : empty ? "empty" : "ready";
    grid.wrap.toggleAttribute("data-offline", offline);
  }

  /* --- selection, clicks and keys ----------------------------------------------------------- */

  function selectionChanged(grid) {
    const count = grid.api.getSelectedNodes().length;
    if (count !== grid.selected) emitEvent("selection", count);
    grid.selected = count;
  }

  const gridOf = (params) => Object.values(grids).find((grid) => grid.api === params.api);

  /** Ids of the selected rows and how many images they have; never whole rows. */
  function selection(key) {
    const nodes = grids[key].api.getSelectedNodes();
    return {
      ids: nodes.map((node) => node.id),
      images: nodes.reduce((sum, node) => sum + node.data.output_images.length, 0),
    };
  }

  let pendingClick;

  function clicked(params) {
    clearTimeout(pendingClick);
    const column = params.column.getColId();
    if (!params.data || column.startsWith("ag-Grid")) return;
    if (params.event.target.closest("button")) return;
    const id = params.data.id;
    const wait = isEditable(params) ? DOUBLE_CLICK_MS : 0; // the first of two clicks opens no panel
    pendingClick = setTimeout(() => emitEvent("open_task", id), wait);
  }

  const doubleClicked = () => clearTimeout(pendingClick);

  function isEditable(params) {
    return EDITED_IN_PLACE.includes(params.column.getColId()) && params.data?.status !== "running";
  }

  /** Letters and Delete must not overwrite a prompt: only Enter and F2 begin an edit. */
  function keepFromGrid(params) {
    const { key, ctrlKey, metaKey } = params.event;
    if (params.editing) return false;
    return key === "Delete" || key === "Backspace" || (key.length === 1 && key !== " " && !ctrlKey && !metaKey);
  }

  function keyPressed(params) {
    const grid = gridOf(params);
    if (!grid || !params.event || params.api.getEditingCells().length > 0) return;
    if (params.event.key === "Delete") {
      if (grid.api.getSelectedNodes().length === 0) params.node.setSelected(true);
      emitEvent("delete_selection");
    }
    if (params.event.key === "Enter" && !isEditable(params)) entered(params);
  }

  function entered(params) {
    const first = params.data.output_images[0];
    if (params.column.getColId() === "output_images" && first)
      emitEvent("zoom", { task: params.data.id, image: first });
    else emitEvent("open_task", params.data.id);
  }

  /* --- editing in place --------------------------------------------------------------------- */

  let seen = {};

  function editBegan(params) {
    seen = { revision: params.data.revision, value: params.value };
    const area = document.querySelector(".ag-large-text-input textarea");
    // The grid selects the whole text, so that one letter would replace a long prompt.
    setTimeout(() => area?.setSelectionRange(area.value.length, area.value.length));
  }

  /** The edit shows at once; the server's answer, or a refusal, replaces it.
   *
   * A row's revision also grows while it runs and completes. An edit is stale only when the same
   * field was changed by somebody else meanwhile; then the old revision makes the server refuse.
   */
  function edited(params) {
    const field = params.column.getColId();
    const row = params.data;
    const value = String(params.newValue ?? "");
    if (!row || value === row[field]) return;
    const revision = row[field] === seen.value ? row.revision : seen.revision;
    params.api.applyTransaction({ update: [{ ...row, [field]: value }] });
    emitEvent("cell_edited", { id: row.id, field, value, revision });
  }

  /** The server refused an edit: show its truth again. */
  const revert = (key) => resync(grids[key]);

  /* --- columns that a person arranged, kept in this browser ---------------------------------- */

  const storageName = (grid) => `wd.${grid.key}.columns.1`;

  function restoreColumns(grid) {
    if (window.innerWidth < NARROW) return narrowColumns(grid);
    try {
      const state = JSON.parse(localStorage.getItem(storageName(grid)));
      if (Array.isArray(state)) grid.api.applyColumnState({ state, applyOrder: true });
    } catch (error) {
      console.warn("column state:", error); // private windows may have no storage
    }
  }

  function narrowColumns(grid) {
    const order = Object.keys(NARROW_COLUMNS);
    const place = (definition) => (order.indexOf(definition.colId) + order.length + 1) % (order.length + 1);
    const definitions = grid.api.getColumnDefs()
      .map((one) => ({ ...one, hide: !order.includes(one.colId), ...NARROW_COLUMNS[one.colId] }))
      .sort((a, b) => place(a) - place(b));
    grid.api.setGridOption("columnDefs", definitions);
  }

  function columnsChanged(params) {
    const grid = gridOf(params);
    const byHand = ["uiColumnResized", "uiColumnMoved", "uiColumnSorted", "autosizeColumns"].includes(params.source);
    if (!grid || !byHand || params.finished === false) return;
    grid.api.refreshCells({ columns: ["reference_images", "output_images"], force: true });
    if (window.innerWidth < NARROW) return;
    try {
      localStorage.setItem(storageName(grid), JSON.stringify(params.api.getColumnState()));
    } catch (error) {
      console.warn("column state:", error);
    }
  }

  /* --- what changes by itself: once a second, visible rows only ------------------------------- */

  function tick() {
    if (document.hidden) return;
    for (const grid of Object.values(grids)) {
      if (grid.api.isDestroyed()) continue;
      const nodes = grid.api.getRenderedNodes().filter((node) =>
        node.data && (node.data.status === "running" || node.data.next_attempt_at));
      if (nodes.length)
        grid.api.refreshCells({ rowNodes: nodes, columns: ["elapsed_seconds", "message", "status"], force: true });
    }
    document.querySelectorAll(".wd-until[data-until]").forEach((span) => {
      const left = secondsUntil(span.dataset.until);
      span.textContent = left > 0 ? duration(left) : "";
    });
  }

  setInterval(tick, 1000);

  return {
    attach, apply, early: askEarly, revert, selection, cells, clicked, doubleClicked, isEditable, keepFromGrid, keyPressed,
    editBegan, edited, columnsChanged,
    kindOf: (params) => params.data && kind(params.data),
    messageOf: (params) => (params.data ? message(params.data, params.context) : ""),
    modelLabel: (params) => params.context.models[params.data?.model] ?? params.data?.model,
    selectionChanged: (params) => { const grid = gridOf(params); if (grid) selectionChanged(grid); },
    selectedIds: (key) => selection(key).ids,
    retry: (key) => resync(grids[key]),
  };
})();
