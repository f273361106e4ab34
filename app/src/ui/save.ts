/** Time after which a file that was offered is forgotten; browsers read it some time after the click. */
const FORGET_AFTER_MS = 60_000;

/** Offers a text as a file of this name; it goes from this page to the person and nowhere else. */
export function saveText(name: string, type: string, text: string): void {
  saveFile(name, new Blob([text], { type }));
}

/** Offers a file under this name; it goes from this page to the person and nowhere else. */
export function saveFile(name: string, file: Blob): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), FORGET_AFTER_MS);
}
