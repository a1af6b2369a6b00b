// The API's types, made from its OpenAPI document. `npm run generate` writes src/api/schema.d.ts; a test says when that is due.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { parse } from "yaml";

const documents = new URL("../../extension/driftlockapi/internal/openapi/document/", import.meta.url);
export const schemaFile = fileURLToPath(new URL("../src/api/schema.d.ts", import.meta.url));

// The files of the folder are one document in the order of their names, as the extension reads them.
function readDocument() {
  const names = readdirSync(documents).filter((name) => name.endsWith(".yaml")).sort();
  return parse(names.map((name) => readFileSync(new URL(name, documents), "utf8")).join(""), { merge: true, maxAliasCount: -1 });
}

export async function generate() {
  const ast = await openapiTS(readDocument());
  return `// Made by \`npm run generate\` from the OpenAPI document; not to be edited.\n${astToString(ast)}`;
}

if (process.argv.includes("--write")) {
  writeFileSync(schemaFile, await generate());
}
