/** A page of the application. */
export type Route =
  | { page: "overview" }
  | { page: "anomaly"; id: string }
  | { page: "streams" }
  | { page: "settings" }
  | { page: "unknown" };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function matchRoute(path: string): Route {
  const [first = "", second, ...more] = path.replace(/^\/+|\/+$/g, "").split("/");
  if (more.length > 0) return { page: "unknown" };
  if (first === "anomalies" && second !== undefined && uuid.test(second)) return { page: "anomaly", id: second.toLowerCase() };
  if (second !== undefined) return { page: "unknown" };
  switch (first) {
    case "": return { page: "overview" };
    case "streams": return { page: "streams" };
    case "settings": return { page: "settings" };
    default: return { page: "unknown" };
  }
}
