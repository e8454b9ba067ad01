import { expect, test } from "vitest";
import { reasonLine } from "./reason-line.ts";

test("a reason is one line of at most 300 characters, whole ones", () => {
	expect(reasonLine(" the key\tx\r\n\r\nis there twice ")).toBe("the key x is there twice");
	expect(reasonLine("x".repeat(300))).toBe("x".repeat(300));
	for (const text of ["x".repeat(301), "😀".repeat(300), `x${"😀".repeat(300)}`]) {
		const line = reasonLine(text);
		expect(line).toHaveLength(300);
		expect(line.isWellFormed()).toBe(true);
		expect(line.endsWith("…")).toBe(true);
	}
});
