import { Link } from "../route/Link";
import { useQueryParams } from "../route/location";
import { About } from "./About";
import { Configuration } from "./Configuration";
import { Keys } from "./Keys";

const tabs = { about: "About", configuration: "Configuration", keys: "API keys" } as const;
type Tab = keyof typeof tabs;

/** What runs here, with what settings, and who may read it. */
export function SettingsPage() {
  const [query] = useQueryParams();
  const tab = (Object.keys(tabs) as Tab[]).find((each) => each === query.get("tab")) ?? "about";
  return (
    <>
      <h1 className="text-2xl leading-8 font-medium tracking-tight">Settings</h1>
      <nav aria-label="Settings" className="mt-3 mb-5 flex border-b border-rule">
        {Object.entries(tabs).map(([each, name]) => (
          <Link key={each} to={each === "about" ? "/settings" : `/settings?tab=${each}`} className="nav-link py-2" aria-current={each === tab ? "page" : undefined}>{name}</Link>
        ))}
      </nav>
      {tab === "about" && <About />}
      {tab === "configuration" && <Configuration />}
      {tab === "keys" && <Keys />}
    </>
  );
}
