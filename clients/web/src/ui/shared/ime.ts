/**
 * Whether a key is for an input method, which composes a word of several keys:
 * Enter takes a suggestion then, Escape drops it. Safari tells the key that ends
 * a composition only after it has ended; 229 is what such a key is called.
 */
export const isComposing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229;
