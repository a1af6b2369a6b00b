import createClient from "openapi-fetch";
import { Problem, readProblem } from "./problem";
import type { components, paths } from "./schema";
import { authorization, refused } from "./session";

export type Schemas = components["schemas"];
export type Anomaly = Schemas["Anomaly"];
export type AnomalyStatus = Schemas["AnomalyStatus"];
export type Signal = Schemas["Signal"];
export type Stream = Schemas["Stream"];
export type Reason = Schemas["Reason"];
export type Overview = Schemas["Overview"];
export type Lanes = Schemas["Lanes"];
export type Lane = Schemas["Lane"];
export type Levels = Schemas["Levels"];
export type Window = Schemas["Window"];

/** The API, typed by its OpenAPI document. Give its calls to `data`, which throws a `Problem` where the answer is an error. */
export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });

api.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authorization())) request.headers.set(name, value);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return;
    if (response.status === 401) refused.set(true);
    throw await readProblem(response);
  },
});

/** The body of an answer. */
export async function data<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data: body, response } = await call;
  if (body === undefined) throw new Problem(response.status, "The answer is empty", "The API gave no body where it should have one.");
  return body;
}
