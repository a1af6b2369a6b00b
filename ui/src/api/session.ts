import { createStore } from "../app/store";

// The key lives in this tab's session storage and goes with it; where the browser keeps nothing, in memory until the next load.
const place = "driftlock.key";

function stored(): string {
  try {
    return sessionStorage.getItem(place) ?? "";
  } catch {
    return "";
  }
}

/** The API key or token in use; empty where none was given. */
export const key = createStore<string>(stored());

/** Whether the API asks who we are: the last answer to this tab's key was 401. */
export const refused = createStore<boolean>(false);

export function login(next: string): void {
  key.set(next);
  refused.set(false);
  try {
    sessionStorage.setItem(place, next);
  } catch {
    // It holds until the page is left.
  }
}

export function logout(): void {
  key.set("");
  refused.set(true);
  try {
    sessionStorage.removeItem(place);
  } catch {
    // There was nothing kept.
  }
}

export function authorization(): Record<string, string> {
  const token = key.get();
  return token === "" ? {} : { Authorization: `Bearer ${token}` };
}
