// Focus is lost where what has it is switched off or hidden while something goes on.

/** Remembers what has focus. @returns {() => void} gives focus back to it, if nothing else has got it meanwhile */
export function keepFocus() {
  const before = document.activeElement;
  return () => {
    if (document.activeElement === document.body && before instanceof HTMLElement) before.focus();
  };
}
