import { expect, test } from "vitest";
import { winRates } from "./rewards.ts";
import { parseTabularGame, playGame } from "./tabular-game.ts";

const actions = ["rock", "paper", "scissors"];
const preferences = [
	[0.5, 0.1, 0.9],
	[0.9, 0.5, 0.1],
	[0.1, 0.9, 0.5],
];
const game = parseTabularGame({ actions, preferences }, "game.json");

test("answers are compared as the matrix has it, whatever their order and the white space around them", () => {
	const played = playGame(game, ["paper\n", " rock", "rock"]);
	expect(played).toEqual([
		[0.5, 0.9, 0.9],
		[0.1, 0.5, 0.5],
		[0.1, 0.5, 0.5],
	]);
});

test("in rock, paper, scissors every action wins half of its games", () => {
	const rates = winRates(playGame(game, actions) as number[][]);
	for (const rate of rates) expect(rate).toBeCloseTo(0.5, 12);
});

test("an answer that is no action is named", () => {
	expect(playGame(game, ["rock", "lizard"])).toEqual({ unknown: "lizard" });
});

test.each([
	["not square", { actions, preferences: preferences.slice(1) }, /preferences are not 3 × 3.*rows of 3, 3/],
	["a short row", { actions, preferences: [[0.5], ...preferences.slice(1)] }, /rows of 1, 3, 3/],
	[
		"not antisymmetric",
		{
			actions: ["a", "b"],
			preferences: [
				[0.5, 0.7],
				[0.4, 0.5],
			],
		},
		/preferences\[1\]\[0\] and preferences\[0\]\[1\] do not add up to 1.*0.4,0.7/,
	],
	[
		"a diagonal other than ½",
		{
			actions: ["a", "b"],
			preferences: [
				[1, 0.5],
				[0.5, 0.5],
			],
		},
		/preferences\[0\]\[0\]/,
	],
	[
		"out of [0, 1]",
		{
			actions: ["a", "b"],
			preferences: [
				[0.5, 1.2],
				[-0.2, 0.5],
			],
		},
		/preferences\[0\]\[1\].*got 1.2/,
	],
	[
		"an action twice",
		{
			actions: ["a", "a"],
			preferences: [
				[0.5, 0.5],
				[0.5, 0.5],
			],
		},
		/named twice.*"a"/,
	],
	["no game", [], /game.json: the game/],
	["no number", { actions: ["a", "b"], preferences: [["x"]] }, /preferences\[0\]\[0\].*got "x"/],
])("refuses %s", (_, value, message) => {
	expect(() => parseTabularGame(value, "game.json")).toThrow(message);
});
