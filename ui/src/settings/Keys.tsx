import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { aboutQuery, useMay } from "../api/about";
import { api, data } from "../api/client";
import type { Schemas } from "../api/client";
import { key as ownKey, login } from "../api/session";
import { Empty, Failure, Loading } from "../notice/notice";
import { Time } from "../time/Time";
import { useNow } from "../time/now";
import { NewKey } from "./NewKey";
import { Token } from "./Token";
import { keyState } from "./keyState";

const keysQuery = queryOptions({
  queryKey: ["keys"] as const,
  queryFn: ({ signal }) => data(api.GET("/v1/keys", { signal })),
});

/** Who may come in: every key there is and was, one more, one less. */
export function Keys() {
  const may = useMay("admin");
  const client = useQueryClient();
  const keys = useQuery({ ...keysQuery, enabled: may });
  const [made, setMade] = useState<Schemas["NewKey"]>();
  const about = useQuery(aboutQuery());
  const create = useMutation({
    mutationFn: (body: Schemas["KeyRequest"]) => data(api.POST("/v1/keys", { body })),
    onSuccess: (answer) => {
      setMade(answer);
      // The first key closes the API to those without one, this tab among them: it goes on with the key it made.
      if (about.data?.open && ownKey.get() === "") {
        login(answer.token);
        void client.invalidateQueries({ queryKey: aboutQuery().queryKey });
      }
      return client.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  if (!may) return <Empty title="Keys are for admins">Log in with a key of the role admin to see and make keys, or use <code className="font-mono text-sm">driftlock-keys</code> on the collector’s machine.</Empty>;
  if (keys.isPending) return <Loading what="keys" className="h-64" />;
  if (keys.isError) return <Failure what="the keys" error={keys.error} retry={() => void keys.refetch()} />;
  return (
    <div className="max-w-4xl space-y-6">
      {made && <Token made={made} done={() => setMade(undefined)} />}
      <NewKey first={about.data?.open === true} create={(body) => create.mutate(body)} pending={create.isPending} error={create.error} />
      {keys.data.keys.length === 0
        ? <Empty title="There is no key">As long as there is none, the API is open to this machine, and to no other.</Empty>
        : <KeyTable keys={keys.data.keys} />}
    </div>
  );
}

function KeyTable({ keys }: { keys: readonly Schemas["Key"][] }) {
  const now = useNow();
  const client = useQueryClient();
  const [asked, setAsked] = useState<string>();
  const revoke = useMutation({
    mutationFn: (id: string) => data(api.DELETE("/v1/keys/{id}", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keysQuery.queryKey }),
    onSettled: () => setAsked(undefined),
  });
  return (
    <section aria-labelledby="keys-title">
      <h2 id="keys-title" className="section-title">Keys</h2>
      {revoke.isError && <div className="mt-2"><Failure what="the key as revoked" error={revoke.error} /></div>}
      {/* On narrow screens the table is scrolled to the side; a scroller has to be in reach of the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div tabIndex={0} role="region" aria-label="Keys" className="mt-1 overflow-x-auto">
        <table className="table min-w-160" data-testid="keys">
          <thead><tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">State</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col">Expires</th><th scope="col"><span className="sr-only">Actions</span></th></tr></thead>
          <tbody>
            {keys.map((key) => {
              const state = keyState(key, now);
              return (
                <tr key={key.id} className={state === "active" ? "" : "text-quiet"}>
                  <td className="max-w-48 truncate" title={`${key.name} (${key.id})`}>{key.name}</td>
                  <td>{key.role}</td>
                  <td>{state}</td>
                  <td><Time at={key.created_at} ago /> by {key.created_by}</td>
                  <td>{key.last_used_at === null ? "never" : <Time at={key.last_used_at} ago />}</td>
                  <td>{key.expires_at === null ? "never" : <Time at={key.expires_at} />}</td>
                  <td className="!pr-0 text-right whitespace-nowrap">
                    {state !== "active" ? null : asked === key.id ? (
                      <span className="inline-flex gap-1.5">
                        <button type="button" className="button border-strong text-strong" disabled={revoke.isPending} onClick={() => revoke.mutate(key.id)}>Revoke {key.name}</button>
                        <button type="button" className="button" onClick={() => setAsked(undefined)}>Keep</button>
                      </span>
                    ) : <button type="button" className="button" aria-label={`Revoke ${key.name} …`} onClick={() => setAsked(key.id)}>Revoke …</button>}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
