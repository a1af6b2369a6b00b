import { useId, useState } from "react";
import type { SyntheticEvent } from "react";
import type { Schemas } from "../api/client";
import { asProblem } from "../api/problem";
import { expiry } from "./keyState";

const roles = {
  reader: "sees everything but keys and the configuration",
  writer: "also changes the status of anomalies and posts events",
  admin: "also manages keys and reads the configuration",
} as const;
type Role = keyof typeof roles;

const lives = { 30: "30 days", 90: "90 days", 365: "a year", 0: "without end" } as const;

interface Props {
  /** Whether there is no key yet: the first one closes the API to those without. */
  first: boolean;
  create: (request: Schemas["KeyRequest"]) => void;
  pending: boolean;
  error: unknown;
}

/** The form for one more key. */
export function NewKey({ first, create, pending, error }: Props) {
  const id = useId();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(first ? "admin" : "reader");
  const [days, setDays] = useState("90");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create({ name: name.trim(), role, expires_at: expiry(Number(days), new Date()) });
    setName("");
  };
  return (
    <form onSubmit={submit} className="sheet p-4" aria-labelledby={`${id}title`}>
      <h2 id={`${id}title`} className="font-medium">New key</h2>
      {first && <p className="mt-1 text-sm text-quiet">The first key closes the API to everyone without one; this tab goes on with it. Make it an admin’s, to be able to make more.</p>}
      <div className="mt-3 flex flex-wrap items-end gap-3 text-sm">
        <label className="block">Name<input className="field mt-1 block w-48" name="name" required maxLength={128} autoComplete="off" placeholder="who or what it is for" value={name} onChange={({ target }) => setName(target.value)} /></label>
        <label className="block">Role
          <select className="field mt-1 block" value={role} onChange={({ target }) => setRole(target.value as Role)}>
            {Object.keys(roles).map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
        </label>
        <label className="block">Good for
          <select className="field mt-1 block" value={days} onChange={({ target }) => setDays(target.value)}>
            {Object.entries(lives).map(([value, text]) => <option key={value} value={value}>{text}</option>)}
          </select>
        </label>
        <button type="submit" className="button-strong" disabled={pending}>Make key</button>
      </div>
      <p className="mt-2 text-sm text-quiet">{role}: {roles[role]}</p>
      {error !== null && error !== undefined && <p role="alert" className="mt-2 text-sm text-strong">{asProblem(error).message}: {asProblem(error).details}</p>}
    </form>
  );
}
