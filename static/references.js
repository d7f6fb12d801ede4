// Reference pictures in the browser: choosing, dropping, pasting, uploading and moving them.
//
// A place that takes files carries `data-wd-drop` (the name it is known by) and `data-room` (how
// many pictures it still takes), inside an element `.wd-drops` that hears two events:
//   wdadded {place, added: [{id, name}], problems: [{name, code, params, message}], over}
//   wdmoved {id, from, to, before}
// A place with `data-uploader` hands files that are no pictures to that uploader element.

(() => {
  "use strict";

  const BYTES_PER_FILE = 25 * 1024 * 1024;
  const PICTURE_NAME = /\.(png|jpe?g|webp|gif|bmp|tiff?|heic|avif)$/i;

  let dragged = null;

  // --- upload --------------------------------------------------------------------------------

  // Answers what the server says of one file; a request that failed is a refusal with a code.
  function send(file, progressed) {
    const body = new FormData();
    body.append("file", file, file.name);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", (window.path_prefix || "") + "/api/v1/references");
      request.responseType = "json";
      request.upload.onprogress = (event) => progressed(event.loaded);
      request.onerror = () => resolve({ success: false, code: "not_sent" });
      request.onload = () => {
        if (request.status === 401) return location.reload();
        const answer = request.response || {};
        resolve({ ...answer, success: Boolean(answer.success), code: answer.code || "not_taken" });
      };
      request.send(body);
    });
  }

  async function upload(files, progressed = () => {}) {
    const total = files.reduce((sum, file) => sum + file.size, 0) || 1;
    const small = files.filter((file) => file.size <= BYTES_PER_FILE);
    const outcome = { added: [], problems: [] };
    for (const file of files.filter((file) => file.size > BYTES_PER_FILE)) {
      outcome.problems.push({ name: file.name, code: "too_large_to_send", params: {}, message: "" });
    }
    let before = 0;
    // One after the other: the pictures keep the order in which they were dropped.
    for (const file of small) {
      const answer = await send(file, (loaded) => progressed(Math.min(1, (before + loaded) / total)));
      before += file.size;
      sort(file, answer, outcome);
    }
    return outcome;
  }

  function sort(file, answer, outcome) {
    if (answer && answer.success) outcome.added.push({ id: answer.data.id, name: file.name });
    else {
      const { code = "not_taken", params = {}, message = "" } = answer || {};
      outcome.problems.push({ name: file.name, code, params, message });
    }
  }

  // --- places --------------------------------------------------------------------------------

  function tell(place, type, detail) {
    place.closest(".wd-drops").dispatchEvent(new CustomEvent(type, { detail }));
  }

  const isPicture = (file) => file.type.startsWith("image/") || PICTURE_NAME.test(file.name);

  async function take(place, list) {
    const files = [...list];
    if (!files.length || place.dataset.off !== undefined) return;
    let pictures = files;
    if (place.dataset.uploader) {
      pictures = files.filter(isPicture);
      const others = files.filter((file) => !isPicture(file)).slice(0, 1);
      if (others.length) getElement(Number(place.dataset.uploader)).$refs.qRef.addFiles(others);
    }
    if (pictures.length) await takePictures(place, pictures);
  }

  async function takePictures(place, pictures) {
    const fitting = pictures.slice(0, Math.max(0, Number(place.dataset.room)));
    const show = (share) => {
      place.dataset.progress = Math.round(share * 100) + " %";
      place.style.setProperty("--wd-upload", share * 100 + "%");
    };
    place.setAttribute("aria-busy", "true");
    show(0);
    try {
      const outcome = await upload(fitting, show);
      const over = pictures.length - fitting.length;
      tell(place, "wdadded", { place: place.dataset.wdDrop, ...outcome, over });
    } finally {
      place.removeAttribute("aria-busy");
      delete place.dataset.progress;
    }
  }

  // --- dropping, choosing, pasting -----------------------------------------------------------

  const placeOf = (target) => (target instanceof Element ? target.closest("[data-wd-drop]") : null);
  const bringsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

  function mark(place) {
    for (const other of document.querySelectorAll("[data-over]")) if (other !== place) delete other.dataset.over;
    if (place) place.dataset.over = "";
  }

  function accepts(place, event) {
    if (!place || place.dataset.off !== undefined) return false;
    if (dragged) return place.closest(".wd-drops") === dragged.root && !place.dataset.uploader;
    return bringsFiles(event);
  }

  document.addEventListener("dragover", (event) => {
    const place = placeOf(event.target);
    if (accepts(place, event)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = dragged ? "move" : "copy";
      mark(place);
    } else {
      mark(null);
      if (!dragged && bringsFiles(event)) {
        // A file dropped beside its place would replace the page and lose what was typed.
        event.preventDefault();
        event.dataTransfer.dropEffect = "none";
      }
    }
  });

  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(null);
  });

  document.addEventListener("drop", (event) => {
    const place = placeOf(event.target);
    const wanted = accepts(place, event);
    mark(null);
    if (dragged || bringsFiles(event)) event.preventDefault();
    if (wanted && dragged) tell(place, "wdmoved", { ...dragged.from, to: place.dataset.wdDrop, before: beforeOf(event, place) });
    else if (wanted) take(place, event.dataTransfer.files);
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("input[type=file].wd-file-input")) return;
    take(placeOf(event.target), event.target.files);
    event.target.value = "";
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-wd-choose]");
    if (button) placeOf(button).querySelector("input[type=file].wd-file-input").click();
  });

  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])].filter(isPicture);
    const place = placeOf(document.activeElement) || document.querySelector("[data-wd-drop]:hover");
    if (!files.length || !place) return;
    event.preventDefault();
    take(place, files);
  });

  // --- order ---------------------------------------------------------------------------------

  const picturesIn = (place) => [...place.querySelectorAll("[data-reference]")];

  function beforeOf(event, place) {
    const under = event.target.closest("[data-reference]");
    if (!under) return "";
    const box = under.getBoundingClientRect();
    const target = event.clientX < box.left + box.width / 2 ? under : picturesIn(place)[picturesIn(place).indexOf(under) + 1];
    return target ? target.dataset.reference : "";
  }

  document.addEventListener("dragstart", (event) => {
    const picture = event.target.closest?.("[data-reference]");
    if (!picture || placeOf(picture).dataset.off !== undefined) return;
    const from = { id: picture.dataset.reference, from: placeOf(picture).dataset.wdDrop };
    dragged = { root: picture.closest(".wd-drops"), from };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });

  document.addEventListener("dragend", () => {
    dragged = null;
    mark(null);
  });

  // The picture is drawn anew at its new place: give it the focus back that it had.
  function refocus(root, id, part, tries = 60) {
    const picture = [...root.querySelectorAll("[data-reference]")].find((one) => one.dataset.reference === id);
    const lost = !document.activeElement || document.activeElement === document.body;
    if (lost && picture) ((part && picture.querySelector(part)) || picture).focus();
    if (tries > 0) requestAnimationFrame(() => refocus(root, id, part, tries - 1));
  }

  const PARTS = { ArrowLeft: ".wd-ref-earlier", ArrowRight: ".wd-ref-later", Delete: ".wd-ref-remove", Backspace: ".wd-ref-remove" };

  document.addEventListener("keydown", (event) => {
    const picture = event.target.closest?.("[data-reference]");
    if (!picture) return;
    const removes = event.key === "Delete" || event.key === "Backspace";
    if (!(event.key in PARTS) || (!removes && !event.altKey)) return;
    event.preventDefault();
    picture.querySelector(PARTS[event.key])?.click();
    if (!removes) refocus(picture.closest(".wd-drops"), picture.dataset.reference, null);
  });

  document.addEventListener("click", (event) => {
    const arrow = event.target.closest?.(".wd-ref-earlier, .wd-ref-later");
    if (!arrow || !event.isTrusted) return;
    const part = arrow.classList.contains("wd-ref-later") ? ".wd-ref-later" : ".wd-ref-earlier";
    const picture = arrow.closest("[data-reference]");
    refocus(picture.closest(".wd-drops"), picture.dataset.reference, part);
  });

  window.WD_refs = { upload };
})();
