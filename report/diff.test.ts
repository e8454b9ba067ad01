import fc from "fast-check";
import { expect, it } from "vitest";
import { align, diffTexts } from "./diff.ts";

it("aligns worked answers by steps and finds the first that differs", () => {
	const { unit, parts, firstDifference } = diffTexts("38/2=19; 19-10=8; 8*9=72; #72", "38/2=19; 19-10=9; 9*9=81; #81");
	expect(unit).toBe("step");
	expect(firstDifference).toBe(1);
	expect(parts[0]).toEqual({ before: "38/2=19", after: "38/2=19", isSame: true });
	expect(parts.slice(1).every((part) => !part.isSame)).toBe(true);
	expect(parts).toHaveLength(4);
});

it("keeps steps in line after one that is missing", () => {
	expect(diffTexts("a; b; c; #1", "a; c; #1").parts).toEqual([
		{ before: "a", after: "a", isSame: true },
		{ before: "b", after: undefined, isSame: false },
		{ before: "c", after: "c", isSame: true },
		{ before: "#1", after: "#1", isSame: true },
	]);
	expect(diffTexts("a; c", "a; b; c").firstDifference).toBe(1);
});

it("falls back on words for text without steps", () => {
	const { unit, parts, firstDifference } = diffTexts("the area is 12", "the area is 14 cm");
	expect(unit).toBe("word");
	expect(firstDifference).toBe(3);
	expect(parts.map((part) => part.after)).toEqual(["the", "area", "is", "14", "cm"]);
});

it("copes with empty and equal texts", () => {
	expect(diffTexts("", "")).toEqual({ unit: "word", parts: [], firstDifference: -1 });
	expect(diffTexts("a;b", "a; b;").firstDifference).toBe(-1);
	expect(diffTexts("", "a; b").parts).toHaveLength(2);
});

it("gives both texts back, whatever they are", () => {
	const texts = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
	fc.assert(
		fc.property(texts, texts, (before, after) => {
			const parts = align(before, after);
			expect(parts.flatMap((part) => part.before ?? [])).toEqual(before);
			expect(parts.flatMap((part) => part.after ?? [])).toEqual(after);
			for (const part of parts) expect(part.isSame).toBe(part.before === part.after);
		}),
	);
});

it("does not lay out a table of millions for very long texts", () => {
	const long = (word: string) => Array.from({ length: 5000 }, (_, i) => `${word}${i}`).join(" ");
	expect(diffTexts(long("a"), long("b")).parts).toHaveLength(5000);
});
