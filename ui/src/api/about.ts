import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, data } from "./client";

/** What runs here, and who we are to it. */
export function aboutQuery() {
  return queryOptions({
    queryKey: ["about"] as const,
    queryFn: ({ signal }) => data(api.GET("/v1/about", { signal })),
    staleTime: 5 * 60_000,
  });
}

const roles = ["reader", "writer", "admin"] as const;

/** Whether our role includes this one; false until it is known. */
export function useMay(role: (typeof roles)[number]): boolean {
  const { data: about } = useQuery(aboutQuery());
  return about !== undefined && roles.indexOf(about.role) >= roles.indexOf(role);
}
