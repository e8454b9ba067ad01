import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasNonFinite, narrow, widen } from "./dtypes.ts";

const float = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0]!;
const everyPattern = Uint16Array.from({ length: 0x10000 }, (_, i) => i);

/** Numbers, rounded to 16 bits and back. */
function rounded(data: Float32Array, dtype: "F16" | "BF16"): Float32Array {
	const bytes = narrow(data, dtype);
	const back = new Float32Array(data.length);
	widen(new Uint16Array(bytes.buffer, bytes.byteOffset, data.length), dtype, back, 0);
	return back;
}

describe("16-bit numbers", () => {
	test.each(["F16", "BF16"] as const)("every %s is a float32 that narrows to itself", (dtype) => {
		const wide = new Float32Array(0x10000);
		widen(everyPattern, dtype, wide, 0);
		const bits = new Uint16Array(narrow(wide, dtype).buffer);
		for (const pattern of everyPattern) {
			if (Number.isNaN(wide[pattern]))
				expect(Number.isNaN(rounded(wide.slice(pattern, pattern + 1), dtype)[0])).toBe(true);
			else if (bits[pattern] !== pattern) expect(bits[pattern]).toBe(pattern);
		}
	});

	test("halves have the values of the standard", () => {
		const wide = new Float32Array(5);
		widen(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0xfc00), "F16", wide, 0);
		expect([...wide]).toEqual([1, -2, 65504, 2 ** -24, Number.NEGATIVE_INFINITY]);
	});

	test("bfloat16 rounds to nearest, ties to even", () => {
		const cases: [number, number][] = [
			[0x3f808000, 0x3f800000], // a tie, below is even
			[0x3f818000, 0x3f820000], // a tie, above is even
			[0x3f808001, 0x3f810000],
			[0x3f807fff, 0x3f800000],
			[0xbf818000, 0xbf820000],
			[0x7f7fffff, 0x7f800000], // beyond the largest: infinity
			[0x7f800000, 0x7f800000],
		];
		const data = Float32Array.from(cases, ([bits]) => float(bits));
		expect([...rounded(data, "BF16")]).toEqual(cases.map(([, bits]) => float(bits)));
		expect(Number.isNaN(rounded(Float32Array.of(Number.NaN), "BF16")[0])).toBe(true);
	});
});

test("a NaN or an infinity is found wherever it stands, and nothing else is taken for one", () => {
	const finite = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 12 });
	const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
	fc.assert(
		fc.property(finite, bad, fc.nat(), (numbers, intruder, at) => {
			expect(hasNonFinite(Float32Array.from(numbers))).toBe(false);
			expect(hasNonFinite(Float32Array.from(numbers.toSpliced(at % (numbers.length + 1), 0, intruder)))).toBe(true);
		}),
	);
});
