// What forms keep in the browser: the draft of the composer, and tokens put where the cursor is.

window.WD_forms = (() => {
  "use strict";

  const SAVE_AFTER_MS = 300;
  // The page's socket takes a little under 1 MB at once; more text has to come as a file.
  const TEXT_BYTES = 900_000;

  const bytes = (text) => new Blob([text]).size;
  const draftField = () => document.querySelector("textarea[data-draft]");
  let saving = 0;

  function write(field, value) {
    const prototype = field.tagName === "TEXTAREA" ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
    Object.getOwnPropertyDescriptor(prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function keep(field) {
    try {
      if (field.value) localStorage.setItem(field.dataset.draft, field.value);
      else localStorage.removeItem(field.dataset.draft);
    } catch {
      // A full or forbidden store: the text stays in the field, it only does not outlive it.
    }
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("textarea[data-draft]")) return;
    clearTimeout(saving);
    saving = setTimeout(keep, SAVE_AFTER_MS, event.target);
  });

  window.addEventListener("pagehide", () => draftField() && saving && keep(draftField()));

  document.addEventListener("paste", (event) => {
    const field = event.target;
    if (!field.matches?.("textarea[data-draft]")) return;
    const size = bytes(field.value) + bytes(event.clipboardData?.getData("text/plain") || "");
    if (size <= TEXT_BYTES) return;
    event.preventDefault();
    field.dispatchEvent(new CustomEvent("wdtoolong", { bubbles: true }));
  });

  return {
    restoreDraft() {
      const field = draftField();
      if (!field || field.value) return;
      const text = localStorage.getItem(field.dataset.draft);
      if (text) write(field, text);
    },
    forgetDraft() {
      clearTimeout(saving);
      saving = 0;
      if (draftField()) localStorage.removeItem(draftField().dataset.draft);
    },
    draftText: () => draftField()?.value ?? "",
    insertToken(chip) {
      const field = chip.closest(".wd-pattern").querySelector("input");
      const at = field.selectionStart ?? field.value.length;
      write(field, field.value.slice(0, at) + chip.dataset.token + field.value.slice(field.selectionEnd ?? at));
      field.focus();
      field.setSelectionRange(at + chip.dataset.token.length, at + chip.dataset.token.length);
    },
  };
})();
