import { expect, it } from "vitest";
import { expiry, keyState } from "./keyState";

const now = new Date("2026-11-27T12:00:00Z");

it("a key is active until it expires or is revoked", () => {
  expect(keyState({ expires_at: null, revoked_at: null }, now)).toBe("active");
  expect(keyState({ expires_at: "2026-11-27T12:00:01Z", revoked_at: null }, now)).toBe("active");
  expect(keyState({ expires_at: "2026-11-27T12:00:00Z", revoked_at: null }, now)).toBe("expired");
  expect(keyState({ expires_at: "2026-11-27T11:00:00Z", revoked_at: "2026-11-27T10:00:00Z" }, now)).toBe("revoked");
});

it("a key is good for so many days, or for good", () => {
  expect(expiry(30, now)).toBe("2026-12-27T12:00:00.000Z");
  expect(expiry(0, now)).toBeNull();
});
