import { expect, it } from "vitest";
import { number, quantity } from "./quantity";

it("numbers have three digits, and thousands their groups", () => {
  expect([0, 1, 1.23456, 12.345, 123.4, 1234.5, 123456, 0.00012, 1.5e12, NaN, -4.5].map(number))
    .toEqual(["0", "1", "1.23", "12.3", "123", "1,235", "123,456", "1.20e-4", "1.50e12", "—", "-4.5"]);
});

it("quantities come in the size that reads best", () => {
  expect(quantity(1_048_576, "ns")).toBe("1.05 ms");
  expect(quantity(0.25, "s")).toBe("250 ms");
  expect(quantity(5400, "s")).toBe("1.5 h");
  expect(quantity(0, "ms")).toBe("0 ns");
  expect(quantity(3.2 * 2 ** 30, "By")).toBe("3.2 GiB");
  expect(quantity(12, "{request}")).toBe("12");
  expect(quantity(12.5, "%")).toBe("12.5%");
  expect(quantity(7, "Cel")).toBe("7 Cel");
  expect(quantity(7)).toBe("7");
});
