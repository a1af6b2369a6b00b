import type { Schemas } from "../api/client";

/** What a key is good for now. */
export function keyState(key: Pick<Schemas["Key"], "expires_at" | "revoked_at">, now: Date): "active" | "expired" | "revoked" {
  if (key.revoked_at !== null) return "revoked";
  return key.expires_at !== null && Date.parse(key.expires_at) <= now.getTime() ? "expired" : "active";
}

/** When a key expires that is good for so many days; null is never. */
export function expiry(days: number, now: Date): string | null {
  return days > 0 ? new Date(now.getTime() + days * 86_400_000).toISOString() : null;
}
