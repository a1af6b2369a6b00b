import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generate, schemaFile } from "./client.mjs";

it("the client's types are those of the OpenAPI document; `npm run generate` makes them so", async () => {
  expect(readFileSync(schemaFile, "utf8")).toBe(await generate());
}, 60_000);
