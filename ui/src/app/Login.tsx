import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { SyntheticEvent } from "react";
import { aboutQuery } from "../api/about";
import { asProblem } from "../api/problem";
import { key, login, refused } from "../api/session";
import { ThemeToggle } from "../theme/ThemeToggle";
import { Mark } from "./Mark";

/** Asks for a key and tries it; one that the API does not take is forgotten again. */
export function Login() {
  const client = useQueryClient();
  const [text, setText] = useState("");
  const id = useId();
  const attempt = useMutation({
    mutationFn: async (token: string) => {
      key.set(token);
      client.clear();
      return client.query({ ...aboutQuery(), retry: false, staleTime: 0 });
    },
    onSuccess: (_, token) => login(token),
    onError: () => {
      key.set("");
      refused.set(true);
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const token = text.trim();
    if (token !== "") attempt.mutate(token);
  };
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center px-5 py-10">
      <div className="flex items-center gap-2.5 text-lg font-semibold tracking-tight"><Mark size={28} />Driftlock<span className="ml-auto"><ThemeToggle /></span></div>
      <form onSubmit={submit} className="sheet mt-5 p-6" aria-labelledby={`${id}title`}>
        <h1 id={`${id}title`} className="text-lg font-medium">Log in</h1>
        <p className="mt-1 text-sm text-quiet">This collector asks who reads. The key stays in this tab and is forgotten when the tab is closed.</p>
        <label htmlFor={`${id}key`} className="mt-5 block text-sm font-medium">API key or token</label>
        {/* The login is all there is on this page. */}
        {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
        <input id={`${id}key`} name="key" type="password" autoComplete="current-password" spellCheck={false} autoFocus required className="field mt-1.5 w-full font-mono placeholder:font-sans"
          placeholder="dlk_…" value={text} onChange={(event) => setText(event.target.value)} aria-describedby={`${id}help ${id}wrong`} aria-invalid={attempt.isError} />
        <div id={`${id}wrong`} role="alert" className="min-h-12 pt-1.5 text-sm text-strong">{attempt.isError && complaint(attempt.error)}</div>
        <button type="submit" className="button-strong" disabled={attempt.isPending}>{attempt.isPending ? "Trying…" : "Log in"}</button>
        <p id={`${id}help`} className="mt-5 border-t border-rule pt-4 text-sm text-quiet">
          An admin makes keys under Settings, or on the collector’s machine:
          <code className="mt-1.5 block overflow-x-auto rounded bg-sunken px-2.5 py-1.5 font-mono text-xs text-ink">driftlock-keys create --name me --role reader</code>
        </p>
      </form>
    </main>
  );
}

function complaint(error: unknown): string {
  const problem = asProblem(error);
  if (problem.code === 401) return "This key opens nothing here: it may be mistyped, expired or revoked.";
  if (problem.code === 429) return `Too many failed logins. Try again in ${problem.retryAfter ?? 10} s.`;
  return `${problem.message}. ${problem.details}`;
}
