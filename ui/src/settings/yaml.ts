/** A configuration as YAML, for reading: block style, texts quoted where they would read as something else. */
export function toYaml(value: unknown, indent = 0): string {
  const pad = "  ".repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return `${pad}[]\n`;
    return value.map((item) => (isBranch(item) ? `${pad}-${toYaml(item, indent + 1).slice(pad.length + 1)}` : `${pad}- ${scalar(item)}\n`)).join("");
  }
  if (isObject(value)) {
    return Object.entries(value).map(([name, item]) => (isBranch(item) ? `${pad}${plain(name)}:\n${toYaml(item, indent + 1)}` : `${pad}${plain(name)}: ${scalar(item)}\n`)).join("");
  }
  return `${pad}${scalar(value)}\n`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isBranch(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isObject(value) && Object.keys(value).length > 0;
}

function scalar(value: unknown): string {
  if (Array.isArray(value)) return "[]";
  if (isObject(value)) return "{}";
  return typeof value === "string" ? plain(value) : JSON.stringify(value);
}

function plain(text: string): string {
  return /^[A-Za-z_./$][\w ./@$%+-]*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text) && !text.endsWith(" ") ? text : JSON.stringify(text);
}
