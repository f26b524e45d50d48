// A file that is dropped outside of a drop zone would be opened in place of the page.

for (const name of ["dragover", "drop"] as const) {
  document.addEventListener(name, (event) => {
    const { dataTransfer, target } = event;
    if (event.defaultPrevented || !dataTransfer?.types.includes("Files")) return;
    // These take files by themselves.
    if (target instanceof HTMLInputElement && target.type === "file") return;
    event.preventDefault();
    dataTransfer.dropEffect = "none";
  });
}

export {};
