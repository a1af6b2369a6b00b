import { useState } from "react";
import type { Schemas } from "../api/client";
import { Icon } from "../theme/Icon";

/** A new key's token, this once: it is stored nowhere. */
export function Token({ made, done }: { made: Schemas["NewKey"]; done: () => void }) {
  const [copied, setCopied] = useState<boolean>();
  const copy = () => {
    // Without TLS browsers offer no clipboard on other machines; the text can be selected.
    const writing = "clipboard" in navigator ? navigator.clipboard.writeText(made.token) : Promise.reject(new Error("no clipboard"));
    writing.then(() => setCopied(true), () => setCopied(false));
  };
  return (
    <section className="notice border-l-4 border-l-accent" aria-labelledby="token-title" data-testid="token">
      <h2 id="token-title" className="font-medium">The key “{made.name}”, shown this once</h2>
      <p className="mt-1 text-sm text-quiet">Keep it where secrets are kept: only its hash is stored here.</p>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <code className="rounded bg-sunken px-3 py-1.5 font-mono text-sm wrap-anywhere select-all">{made.token}</code>
        <button type="button" className="button" onClick={copy}><Icon name="copy" />Copy</button>
        <button type="button" className="button" onClick={done}>I have it</button>
        <span role="status" className="text-sm text-quiet">{copied === true ? "Copied." : copied === false ? "The browser does not allow it here: select and copy it." : ""}</span>
      </div>
    </section>
  );
}
