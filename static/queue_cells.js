/* What the cells of the queue's grid show, and how.
 *
 * Everything is built with createElement and textContent: no text of a task can become markup.
 */
"use strict";

window.WD_cells = (() => {
  const CATEGORY_ICONS = { title: "face", scene: "landscape", style: "palette" };
  const STATUS_ICONS = {
    pending: "schedule", running: "autorenew", completed: "check_circle", error: "error",
    uncertain: "help", waiting: "hourglass_top", cancelled: "block",
  };
  const UNCERTAIN = "outcome_unknown";
  const CANCELLED = "cancelled";

  /* --- words and time ---------------------------------------------------------------------- */

  const fill = (text, params) =>
    text.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));

  /** A sentence of the page's language; "one | many" is chosen by `n`, as on the server. */
  function word(context, key, params = {}) {
    let text = context.words[key];
    if (text === undefined) return key;
    if ("n" in params && text.includes(" | ")) text = text.split(" | ")[params.n === 1 ? 0 : 1];
    return fill(text, params);
  }

  let skew = 0; // ms; below two seconds it cannot be told from the coarseness of the Date header
  const serverNow = () => Date.now() + skew;

  function learnSkew(response) {
    const difference = Date.parse(response.headers.get("Date") || "") - Date.now();
    skew = Math.abs(difference) > 2000 ? difference : 0;
  }

  const secondsUntil = (iso) => Math.ceil((Date.parse(iso) - serverNow()) / 1000);

  function duration(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole >= 3600) {
      const minutes = String(Math.floor((whole % 3600) / 60)).padStart(2, "0");
      return `${Math.floor(whole / 3600)}:${minutes}:${String(whole % 60).padStart(2, "0")}`;
    }
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  }

  /* --- what a row says --------------------------------------------------------------------- */

  const isLater = (iso) => Boolean(iso) && secondsUntil(iso) > 0;

  /** A status, told apart further: a possible charge and a waiting retry are amber. */
  function kind(row) {
    if (row.status === "error" && row.error_code === UNCERTAIN) return "uncertain";
    if (row.status === "error" && row.error_code === CANCELLED) return CANCELLED;
    if (row.status === "pending" && (row.error_code || isLater(row.next_attempt_at))) return "waiting";
    return row.status;
  }

  function elapsed(row) {
    if (row.status === "running" && row.started_at)
      return duration((serverNow() - Date.parse(row.started_at)) / 1000);
    if (row.elapsed_seconds > 0 && row.elapsed_seconds < 10) return `${row.elapsed_seconds.toFixed(1)} s`;
    return row.elapsed_seconds > 0 ? duration(row.elapsed_seconds) : "";
  }

  function message(row, context) {
    const parts = [];
    if (isLater(row.next_attempt_at))
      parts.push(word(context, "grid.next_try", { seconds: secondsUntil(row.next_attempt_at) }));
    if (row.error_code || row.error_message) {
      const key = `error.${row.error_code}`;
      parts.push(key in context.words ? word(context, key, row.error_params || {}) : row.error_message);
    }
    return parts.join(" ");
  }

  /* --- cells ------------------------------------------------------------------------------- */

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function icon(name, className = "") {
    const made = element("span", `material-icons ${className}`.trim(), name);
    made.setAttribute("aria-hidden", "true");
    return made;
  }

  /** A cell renderer that redraws only when `key` says that what it shows has changed. */
  function cell(className, key, draw) {
    return class {
      init(params) {
        this.box = element("div", className);
        this.refresh(params);
      }

      getGui() {
        return this.box;
      }

      refresh(params) {
        if (!params.data) return true;
        const now = key(params.data, params);
        if (now !== this.drawn) draw(this.box, params.data, params);
        this.drawn = now;
        return true;
      }
    };
  }

  function thumbnail(tag, address, title) {
    const box = element(tag, "wd-thumb");
    const picture = element("img");
    picture.loading = "lazy";
    picture.decoding = "async";
    picture.alt = title;
    picture.src = address;
    box.title = title;
    box.append(picture);
    return box;
  }

  function drawStatus(box, row, params) {
    const shown = kind(row);
    const chip = element("span", "wd-chip");
    chip.dataset.kind = shown;
    chip.append(icon(STATUS_ICONS[shown] || "circle"), element("span", "", word(params.context, `status.${shown}`)));
    box.replaceChildren(chip);
  }

  function drawReferences(box, row, params) {
    const groups = Object.entries(row.reference_images_by_cat).concat([["", row.reference_images]]);
    const thumbs = groups.flatMap(([category, ids]) => ids.map((id) => {
      const title = word(params.context, category ? `references.${category}` : "grid.reference");
      const thumb = thumbnail("span", `/api/v1/references/${encodeURIComponent(id)}/thumbnail`, title);
      if (category) thumb.append(icon(CATEGORY_ICONS[category], "wd-thumb-mark"));
      return thumb;
    }));
    box.replaceChildren(...withoutOverflow(thumbs, params));
  }

  function drawOutputs(box, row, params) {
    const done = row.output_images.length;
    const thumbs = row.output_images.map((id, index) => {
      const title = word(params.context, "grid.open_image", { number: index + 1 });
      const thumb = thumbnail("button", `/api/v1/images/${encodeURIComponent(id)}/thumbnail`, title);
      thumb.type = "button";
      thumb.tabIndex = -1; // the cell itself is reached by the arrow keys, Enter opens its first image
      thumb.addEventListener("click", () => emitEvent("zoom", { task: row.id, image: id }));
      return thumb;
    });
    const partial = done > 0 && done < row.images_per_prompt;
    const count = word(params.context, "grid.partial", { done, wanted: row.images_per_prompt });
    const shown = withoutOverflow(thumbs, params, partial ? 40 : 0);
    if (partial) shown.push(element("span", "wd-more", count));
    box.replaceChildren(...shown);
  }

  /** As many thumbnails as the column is wide, then "+3". */
  function withoutOverflow(thumbs, params, reserved = 0) {
    const room = params.column.getActualWidth() - 22 - reserved;
    const fits = Math.max(1, Math.floor((room + 4) / 44));
    if (thumbs.length <= fits) return thumbs;
    const kept = Math.max(1, Math.floor((room - 22) / 44));
    return [...thumbs.slice(0, kept), element("span", "wd-more", `+${thumbs.length - kept}`)];
  }

  function drawProgress(box, row, params) {
    const track = element("div", "wd-bar-track");
    const done = element("div", "wd-bar-fill");
    done.style.width = `${row.progress}%`;
    track.append(done);
    box.dataset.kind = row.status;
    box.setAttribute("role", "progressbar");
    box.setAttribute("aria-valuenow", row.progress);
    box.setAttribute("aria-label", word(params.context, "grid.progress"));
    box.replaceChildren(track, element("span", "wd-bar-text", `${row.progress}%`));
  }

  function drawText(box, text) {
    box.textContent = text;
    box.title = text;
  }

  const cells = {
    stt: cell("wd-number", (row, p) => String(p.context.places?.get(row.id) ?? ""), (box, row, p) => {
      box.textContent = p.context.places?.get(row.id) ?? "";
    }),
    status: cell("", kind, drawStatus),
    references: cell("wd-thumbs",
      (row, p) => JSON.stringify([row.reference_images, row.reference_images_by_cat, p.column.getActualWidth()]),
      drawReferences),
    outputs: cell("wd-thumbs",
      (row, p) => JSON.stringify([row.output_images, row.images_per_prompt, p.column.getActualWidth()]),
      drawOutputs),
    progress: cell("wd-bar", (row) => `${row.progress} ${row.status}`, drawProgress),
    text: cell("wd-clamp", (row, p) => String(p.value ?? ""), (box, row, p) => drawText(box, String(p.value ?? ""))),
    elapsed: cell("wd-number", elapsed, (box, row) => { box.textContent = elapsed(row); }),
    message: cell("wd-clamp wd-message", (row, p) => message(row, p.context), (box, row, p) => {
      box.dataset.kind = kind(row);
      drawText(box, message(row, p.context));
    }),
  };

  return { cells, word, kind, message, duration, secondsUntil, learnSkew };
})();
