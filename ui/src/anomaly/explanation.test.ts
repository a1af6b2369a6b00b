import { describe, expect, it } from "vitest";
import { chance, support, told } from "./explanation";

describe("an explanation", () => {
  it("begins with its first sentence, whatever the data quote", () => {
    expect(told("checkout: log line “failed. Retrying. 2.5 s” 4 times, in the minute from 2026-11-23 21:30:00 UTC. Look at db first.\nThe window cost 3 bits"))
      .toEqual({ headline: "checkout: log line “failed. Retrying. 2.5 s” 4 times, in the minute from 2026-11-23 21:30:00 UTC.", more: "Look at db first." });
  });

  it("leaves what the page says of the p-value to the page", () => {
    expect(told("a: b. Look at db first. A window this odd is expected once in 530,000 windows (p 1.9e-06; its history alone supports p 0.01, the rest is extrapolated). Logs and traces agree.").more)
      .toBe("Look at db first. Logs and traces agree.");
  });

  it("keeps numbers and names with stops whole", () => {
    expect(told("api.v2: process.memory is 4.2 GB, usually 1.1 GB, in the minute from x. More."))
      .toEqual({ headline: "api.v2: process.memory is 4.2 GB, usually 1.1 GB, in the minute from x.", more: "More." });
  });

  it("is a headline as a whole where it has but one sentence, or none", () => {
    expect(told("no stop here").headline).toBe("no stop here");
    expect(told("")).toEqual({ headline: "", more: "" });
    expect(told("unclosed “quote. Goes on.").headline).toBe("unclosed “quote. Goes on.");
  });
});

describe("a p-value in words", () => {
  it("says how often, and how long that is", () => {
    expect(chance(0.001, 60_000)).toBe("Expected once in 1,000 windows: about once in 16 h 40 min of this service.");
    expect(chance(1.9e-6, 60_000)).toBe("Expected once in 530,000 windows: about once in 365 d 11 h of this service.");
    expect(chance(1e-8, 60_000)).toBe("Expected once in 100 million windows: about once in 190 years of this service.");
    expect(chance(1e-30, 60_000)).toBe("Practically never seen by chance.");
    expect(chance(1, 60_000)).toBe("Any window is as odd as this one.");
  });

  it("says what the history supports", () => {
    expect(support(1.9e-6, 0.01)).toContain("99 past windows, supports 1 in 100 by counting; the rest is extrapolated");
    expect(support(0.02, 0.01)).toBe("Its own history, 99 past windows, supports that by counting alone.");
    expect(support(0.5, 0.5)).toContain("1 past window,");
  });
});
