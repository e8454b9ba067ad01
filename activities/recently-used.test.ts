import { expect, test } from "vitest";
import { keepRecentlyUsed } from "./recently-used.ts";

function countedMaker() {
	const made: string[] = [];
	const make = (key: string) => async () => {
		made.push(key);
		return key.toUpperCase();
	};
	return { made, make };
}

test("what is asked for again is made once, also by those who ask at the same moment", async () => {
	const { made, make } = countedMaker();
	const keep = keepRecentlyUsed<string>(2);
	expect(await Promise.all([keep("a", make("a")), keep("a", make("a"))])).toEqual(["A", "A"]);
	expect(await keep("a", make("a"))).toBe("A");
	expect(made).toEqual(["a"]);
});

test("the one that nobody has asked for the longest is made again", async () => {
	const { made, make } = countedMaker();
	const keep = keepRecentlyUsed<string>(2);
	for (const key of ["a", "b", "a", "c", "a", "b"]) await keep(key, make(key));
	expect(made).toEqual(["a", "b", "c", "b"]);
});

test("a failure is not kept", async () => {
	const keep = keepRecentlyUsed<string>(2);
	await expect(keep("a", () => Promise.reject(new Error("a full disk")))).rejects.toThrow("a full disk");
	expect(await keep("a", async () => "A")).toBe("A");
});
