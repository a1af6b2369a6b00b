import { createStore } from "../app/store";

/** What the reader chose; `system` follows the machine. */
export type Theme = "system" | "light" | "dark";

const place = "driftlock.theme";
const themes: readonly Theme[] = ["system", "light", "dark"];

export function readTheme(text: string | null): Theme {
  return themes.find((theme) => theme === text) ?? "system";
}

export function nextTheme(theme: Theme): Theme {
  return themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
}

function stored(): Theme {
  try {
    return readTheme(localStorage.getItem(place));
  } catch {
    return "system"; // a browser that keeps nothing for this page
  }
}

export const theme = createStore<Theme>(stored());

/** Puts the choice on the document, where the colours follow it, and keeps it for the next visit. */
export function setTheme(next: Theme): void {
  theme.set(next);
  applyTheme();
  try {
    localStorage.setItem(place, next);
  } catch {
    // It holds until the page is left.
  }
}

export function applyTheme(): void {
  const chosen = theme.get();
  if (chosen === "system") {
    delete document.documentElement.dataset["theme"];
  } else {
    document.documentElement.dataset["theme"] = chosen;
  }
}

/** A colour of the theme as a canvas takes it; canvases do not resolve variables. */
export function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
