import { useEffect, useRef } from "react";

/** What a key does, by its name as `KeyboardEvent.key` has it. */
export type Bindings = Record<string, (event: KeyboardEvent) => void>;

/** Whether a key pressed there is text that somebody types, or the control's own. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

/** Whether Enter and Space belong to what has the focus. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("a, button, summary, [role=button]") !== null;
}

/** Binds keys as long as the component is there. Typing, modifier keys and open dialogs keep them for themselves, except Escape. */
export function useKeys(bindings: Bindings): void {
  const newest = useRef(bindings);
  useEffect(() => {
    newest.current = bindings;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const action = newest.current[event.key];
      if (!action || document.querySelector("dialog[open]")) return;
      if (event.key !== "Escape" && isTyping(event.target)) return;
      if (event.key === "Enter" && isControl(event.target)) return;
      action(event);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
