import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ReactNode } from "react";
import { aboutQuery } from "../api/about";
import { key, logout } from "../api/session";
import { useKeys } from "../keyboard/keys";
import { Link } from "../route/Link";
import { navigate, usePath } from "../route/location";
import { matchRoute } from "../route/match";
import { Icon } from "../theme/Icon";
import { ThemeToggle } from "../theme/ThemeToggle";
import { Help } from "./Help";
import { Mark } from "./Mark";
import { useStore } from "./store";

const places = [
  { to: "/", name: "Overview", pages: ["overview", "anomaly"] },
  { to: "/streams", name: "Streams", pages: ["streams"] },
  { to: "/settings", name: "Settings", pages: ["settings"] },
];

/** What stands around every page: the way to the others, the theme, help. */
export function Frame({ children }: { children: ReactNode }) {
  const { page } = matchRoute(usePath());
  const [help, setHelp] = useState(false);
  useKeys({
    "?": () => setHelp(true),
    o: () => navigate("/"),
    s: () => navigate("/streams"),
  });
  return (
    <>
      <a href="#content" className="skip-link">Skip to the content</a>
      <header className="border-b border-rule bg-sheet">
        <div className="mx-auto flex h-13 max-w-350 items-center gap-2 px-4 sm:gap-6 sm:px-6">
          <Link to="/" className="flex items-center gap-2 font-semibold tracking-tight" aria-label="Driftlock, to the overview">
            <Mark />
            <span className="max-sm:sr-only">Driftlock</span>
          </Link>
          <nav aria-label="Pages" className="flex h-full items-stretch">
            {places.map(({ to, name, pages }) => (
              <Link key={to} to={to} aria-current={pages.includes(page) ? "page" : undefined} className="nav-link">{name}</Link>
            ))}
          </nav>
          <div className="ml-auto flex items-center gap-1">
            <Who />
            <ThemeToggle />
            <button type="button" className="icon-button" aria-label="Keyboard and help" title="Keyboard and help (?)" onClick={() => setHelp(true)}><Icon name="help" /></button>
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className="mx-auto max-w-350 px-4 py-5 outline-none sm:px-6 sm:py-6">{children}</main>
      {help && <Help close={() => setHelp(false)} />}
    </>
  );
}

function Who() {
  const { data: about } = useQuery({ ...aboutQuery(), enabled: false });
  const token = useStore(key);
  if (!about || token === "") return null;
  return (
    <>
      <span className="text-sm text-quiet max-md:hidden">{about.actor}, {about.role}</span>
      <button type="button" className="icon-button" aria-label="Log out" title="Log out: the key is forgotten" onClick={logout}><Icon name="leave" /></button>
    </>
  );
}
