import { useEffect } from "react";
import { AnomalyPage } from "../anomaly/AnomalyPage";
import { Empty } from "../notice/notice";
import { OverviewPage } from "../overview/OverviewPage";
import { Link } from "../route/Link";
import { usePath } from "../route/location";
import { matchRoute } from "../route/match";
import { SettingsPage } from "../settings/SettingsPage";
import { StreamsPage } from "../streams/StreamsPage";
import { Boundary } from "./Boundary";

const titles = { overview: "Overview", anomaly: "Anomaly", streams: "Streams", settings: "Settings", unknown: "Not found" } as const;

/** The page that the URL names. */
export function Page() {
  const path = usePath();
  const route = matchRoute(path);
  useEffect(() => {
    document.title = `${titles[route.page]} · Driftlock`;
  }, [route.page]);
  return <Boundary key={path}>{page(route)}</Boundary>;
}

function page(route: ReturnType<typeof matchRoute>) {
  switch (route.page) {
    case "overview": return <OverviewPage />;
    case "anomaly": return <AnomalyPage id={route.id} />;
    case "streams": return <StreamsPage />;
    case "settings": return <SettingsPage />;
    case "unknown": return (
      <>
        <h1 className="sr-only">Not found</h1>
        <Empty title="There is no such page">The address may be mistyped or cut short. <Link to="/" className="link">To the overview</Link></Empty>
      </>
    );
  }
}
