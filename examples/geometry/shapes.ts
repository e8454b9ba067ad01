import type { Formula, Numbers } from "./arithmetic.ts";
import type { Prng } from "./prng.ts";

/** One kind of word problem. */
export interface Kind {
	readonly name: string;
	readonly shape: "rectangle" | "triangle" | "right triangle" | "circle" | "trapezoid";
	/** Draws the measures that make the figure; what the prompt gives may be derived from them. */
	readonly draw: (random: Prng) => Numbers;
	/** Adds the numbers that the prompt states in place of a measure, such as a perimeter. */
	readonly derive?: (measures: Numbers) => Numbers;
	readonly prompts: readonly string[];
	readonly formula: Formula;
	/** Formulas that people confuse with the right one. */
	readonly wrong: readonly Formula[];
}

/** Stands for π in every problem, so that all arithmetic is on integers. */
const PI = 3;

function draws(ranges: Readonly<Record<string, readonly [number, number]>>): Kind["draw"] {
	return (random) =>
		Object.fromEntries(Object.entries(ranges).map(([name, [low, high]]) => [name, random.integer(low, high)]));
}

export const KINDS: readonly Kind[] = [
	{
		name: "rectangle-area-from-perimeter",
		shape: "rectangle",
		draw: draws({ a: [3, 20], b: [3, 20] }),
		derive: ({ a, b }) => ({ p: 2 * (a! + b!) }),
		prompts: [
			"The perimeter of a rectangle is {p} and one side is {a}. Find the area.",
			"A rectangle has a side of {a} and a perimeter of {p}. What is the area?",
		],
		formula: ["p / 2", "$0 - a", "a * $1"],
		wrong: [
			["p - a", "a * $0"],
			["p / 2", "$0 - a", "a + $1"],
		],
	},
	{
		name: "rectangle-perimeter-from-area",
		shape: "rectangle",
		draw: draws({ a: [3, 20], b: [3, 20] }),
		derive: ({ a, b }) => ({ s: a! * b! }),
		prompts: [
			"The area of a rectangle is {s} and one side is {a}. Find the perimeter.",
			"A rectangle has a side of {a} and an area of {s}. What is the perimeter?",
		],
		formula: ["s / a", "a + $0", "$1 * 2"],
		wrong: [
			["s / a", "a + $0"],
			["s / a", "$0 * 2"],
		],
	},
	{
		name: "rectangle-fence",
		shape: "rectangle",
		draw: draws({ a: [3, 20], b: [3, 20], c: [2, 6] }),
		prompts: [
			"A rectangular garden is {a} by {b}. A fence costs {c} per unit. What does the fence cost?",
			"A fence that costs {c} per unit goes around a garden of {a} by {b}. Find the cost.",
		],
		formula: ["a + b", "$0 * 2", "$1 * c"],
		wrong: [
			["a * b", "$0 * c"],
			["a + b", "$0 * c"],
		],
	},
	{
		name: "rectangle-with-hole",
		shape: "rectangle",
		draw: draws({ a: [5, 20], b: [5, 20], s: [3, 12] }),
		prompts: [
			"A square with side {s} is cut from a rectangle of {a} by {b}. What area is left?",
			"A rectangular garden is {a} by {b} and has a square pond with side {s}. Find the area of grass.",
		],
		formula: ["a * b", "s * s", "$0 - $1"],
		wrong: [
			["a * b", "s * 4", "$0 - $1"],
			["a * b", "$0 - s"],
		],
	},
	{
		name: "rectangle-and-triangle",
		shape: "rectangle",
		draw: draws({ a: [4, 18], b: [3, 18], t: [2, 12] }),
		prompts: [
			"A wall is a rectangle of {a} by {b} with a triangle of base {a} and height {t} on top. Find the area.",
			"On a rectangle of {a} by {b} stands a triangle with base {a} and height {t}. What is the area of both?",
		],
		formula: ["a * b", "a * t", "$1 / 2", "$0 + $2"],
		wrong: [
			["a * b", "a * t", "$0 + $1"],
			["a * b", "$0 + t"],
		],
	},
	{
		name: "triangle-kite",
		shape: "triangle",
		draw: draws({ b: [4, 18], h: [2, 15], k: [2, 15] }),
		prompts: [
			"Two triangles with heights {h} and {k} share a base of {b}. Find the area of both.",
			"A kite is made of two triangles on a base of {b} with heights {h} and {k}. What is the area?",
		],
		formula: ["h + k", "b * $0", "$1 / 2"],
		wrong: [
			["h + k", "b * $0"],
			["h * k", "$0 / 2"],
		],
	},
	{
		name: "triangle-third-side",
		shape: "triangle",
		draw: draws({ a: [10, 60], b: [10, 60], d: [10, 60], c: [2, 6] }),
		derive: ({ a, b, d }) => ({ p: a! + b! + d! }),
		prompts: [
			"A triangle has a perimeter of {p} and sides of {a} and {b}. What does a fence on the third side cost at {c} per unit?",
			"Two sides of a triangle are {a} and {b} and the perimeter is {p}. Find the cost of the third side at {c} per unit.",
		],
		formula: ["a + b", "p - $0", "$1 * c"],
		wrong: [
			["a + b", "$0 * c"],
			["p - a", "$0 * c"],
		],
	},
	{
		name: "right-triangle-square",
		shape: "right triangle",
		draw: draws({ a: [3, 15], b: [3, 15] }),
		prompts: [
			"A right triangle has legs {a} and {b}. Find the area of the square on the hypotenuse.",
			"The legs of a right triangle are {a} and {b}. What is the hypotenuse squared?",
		],
		formula: ["a * a", "b * b", "$0 + $1"],
		wrong: [
			["a + b", "$0 * 2"],
			["a * b", "$0 * 2"],
		],
	},
	{
		name: "right-triangle-legs",
		shape: "right triangle",
		draw: draws({ a: [3, 20], b: [3, 20] }),
		derive: ({ a, b }) => ({ s: (a! * b!) / 2 }),
		prompts: [
			"A right triangle has an area of {s} and a leg of {a}. Find the sum of the legs.",
			"The area of a right triangle is {s} and one leg is {a}. What is the sum of both legs?",
		],
		formula: ["s * 2", "$0 / a", "a + $1"],
		wrong: [
			["s / a", "a + $0"],
			["s * 2", "$0 / a"],
		],
	},
	{
		name: "right-triangle-cut",
		shape: "right triangle",
		draw: draws({ s: [6, 15], a: [3, 18], b: [3, 18] }),
		prompts: [
			"A right triangle with legs {a} and {b} is cut from a square with side {s}. What area is left?",
			"From a square with side {s} a right triangle with legs {a} and {b} is cut. Find the area that is left.",
		],
		formula: ["s * s", "a * b", "$1 / 2", "$0 - $2"],
		wrong: [
			["s * s", "a * b", "$0 - $1"],
			["s * 4", "a * b", "$1 / 2", "$0 - $2"],
		],
	},
	{
		name: "circle-ring",
		shape: "circle",
		draw: draws({ r: [3, 15], q: [2, 14] }),
		prompts: [
			"A ring has an outer radius of {r} and an inner radius of {q}. Find the area with pi as 3.",
			"Take pi as 3. What is the area of a ring between circles of radius {r} and {q}?",
		],
		formula: ["r * r", "q * q", "$0 - $1", `$2 * ${PI}`],
		wrong: [
			["r - q", "$0 * $0", `$1 * ${PI}`],
			["r * r", "q * q", "$0 - $1"],
		],
	},
	{
		name: "circle-wheel",
		shape: "circle",
		draw: draws({ r: [2, 15], n: [2, 12], m: [10, 99] }),
		prompts: [
			"A wheel with radius {r} turns {n} times and then rolls {m} more. How far does it roll with pi as 3?",
			"Take pi as 3. How far does a wheel with radius {r} roll in {n} turns and {m} more?",
		],
		formula: ["r * 2", `$0 * ${PI}`, "$1 * n", "$2 + m"],
		wrong: [
			[`r * ${PI}`, "$0 * n", "$1 + m"],
			["r * 2", "$0 * n", "$1 + m"],
		],
	},
	{
		name: "circle-sheet",
		shape: "circle",
		draw: draws({ r: [2, 8], m: [20, 250] }),
		prompts: [
			"A disc with radius {r} is cut from a sheet with an area of {m}. What area is left with pi as 3?",
			"Take pi as 3. A sheet has an area of {m} and a hole with radius {r}. Find the area that is left.",
		],
		formula: ["r * r", `$0 * ${PI}`, "m - $1"],
		wrong: [
			["r * 2", `$0 * ${PI}`, "m - $1"],
			["r * r", "m - $0"],
		],
	},
	{
		name: "circle-stadium",
		shape: "circle",
		draw: draws({ r: [2, 7], h: [3, 20] }),
		derive: ({ r }) => ({ d: 2 * r! }),
		prompts: [
			"A track is a rectangle of {h} by {d} with a half circle at each end of {d}. Find the area with pi as 3.",
			"Take pi as 3. A window is {d} by {h} with a half circle of width {d} at both ends. What is the area?",
		],
		formula: ["d * h", "d / 2", "$1 * $1", `$2 * ${PI}`, "$0 + $3"],
		wrong: [
			["d * h", "d / 2", `$1 * ${PI}`, "$0 + $2"],
			["d * h", "d / 2", "$1 * $1", "$0 + $2"],
		],
	},
	{
		name: "trapezoid-area",
		shape: "trapezoid",
		draw: draws({ a: [3, 20], b: [3, 20], h: [2, 15] }),
		prompts: [
			"A trapezoid has parallel sides {a} and {b} and a height of {h}. Find the area.",
			"The parallel sides of a trapezoid are {a} and {b} and the height is {h}. What is the area?",
		],
		formula: ["a + b", "$0 * h", "$1 / 2"],
		wrong: [
			["a + b", "$0 * h"],
			["a * b", "$0 / 2"],
		],
	},
	{
		name: "trapezoid-side",
		shape: "trapezoid",
		draw: draws({ a: [3, 20], b: [3, 20], h: [2, 15] }),
		derive: ({ a, b, h }) => ({ s: ((a! + b!) * h!) / 2 }),
		prompts: [
			"A trapezoid has an area of {s} and a height of {h}. One parallel side is {a}. Find the other.",
			"The area of a trapezoid is {s} and the height is {h}. What is the other parallel side if one is {a}?",
		],
		formula: ["s * 2", "$0 / h", "$1 - a"],
		wrong: [
			["s / h", "$0 - a"],
			["s * 2", "$0 / h"],
		],
	},
];
