import { describe, expect, it, vi } from "vitest";
import { Problem } from "../api/problem";
import { saveAsRead } from "./saving";

const read = { status: "pending", updated_at: "1" } as const;
const changed = new Problem(412, "It has changed", "Read it again.");

describe("saving a status", () => {
  it("asks once where nothing changed", async () => {
    const save = vi.fn(() => Promise.resolve("saved"));
    const again = vi.fn();
    await expect(saveAsRead(read, save, again)).resolves.toBe("saved");
    expect(save.mock.calls).toEqual([["1"]]);
    expect(again).not.toHaveBeenCalled();
  });

  it("tries again where all but the status changed", async () => {
    const save = vi.fn<(updated: string | undefined) => Promise<string>>().mockRejectedValueOnce(changed).mockResolvedValueOnce("saved");
    await expect(saveAsRead(read, save, () => Promise.resolve({ status: "pending", updated_at: "2" }))).resolves.toBe("saved");
    expect(save.mock.calls).toEqual([["1"], ["2"]]);
  });

  it("leaves it to people where somebody else said something", async () => {
    const save = vi.fn(() => Promise.reject(changed));
    await expect(saveAsRead(read, save, () => Promise.resolve({ status: "dismissed", updated_at: "2" }))).rejects.toBe(changed);
    expect(save).toHaveBeenCalledTimes(1);
  });

  it("tries again only once, and only where it changed", async () => {
    const save = vi.fn(() => Promise.reject(changed));
    await expect(saveAsRead(read, save, () => Promise.resolve(read))).rejects.toBe(changed);
    expect(save).toHaveBeenCalledTimes(2);
    const refused = new Problem(403, "No", "A writer may.");
    const again = vi.fn();
    await expect(saveAsRead(read, () => Promise.reject(refused), again)).rejects.toBe(refused);
    expect(again).not.toHaveBeenCalled();
  });
});
