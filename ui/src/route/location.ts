import { useCallback, useMemo, useSyncExternalStore } from "react";

/** Changes of query parameters: a text sets one, null takes it away. */
export type Changes = Record<string, string | null>;

const listeners = new Set<() => void>();

function notify(): void {
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener("popstate", notify);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("popstate", notify);
  };
}

/** Goes to a place of this site. `replace` leaves no entry in the history: for what is adjusted rather than gone to. */
export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const before = window.location.pathname;
  if (replace) {
    window.history.replaceState(null, "", to);
  } else {
    window.history.pushState(null, "", to);
  }
  if (window.location.pathname !== before) window.scrollTo(0, 0);
  notify();
}

/** The query `search` with the changes made, as it stands in a URL; parameters keep their order. */
export function changed(search: string, changes: Changes): string {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

/** The query of this place and a function that changes it; every view keeps its state here. */
export function useQueryParams(): readonly [URLSearchParams, (changes: Changes, options?: { replace?: boolean }) => void] {
  const search = useSyncExternalStore(subscribe, () => window.location.search);
  const query = useMemo(() => new URLSearchParams(search), [search]);
  const change = useCallback((changes: Changes, { replace = true }: { replace?: boolean } = {}) => {
    navigate(window.location.pathname + changed(window.location.search, changes), { replace });
  }, []);
  return [query, change];
}
