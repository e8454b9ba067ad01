import { expect, test } from "vitest";
import { startAgain } from "./start-again.ts";

/** Starts at the third try. */
function failingTwice() {
	let tries = 0;
	return async () => {
		if (++tries < 3) throw new Error(`the port is taken, try ${tries}`);
		return "server";
	};
}

test("what does not start is tried until it does, and why not is said once", async () => {
	const said: string[] = [];
	const onTrouble = ({ message }: Error) => void said.push(message);
	expect(await startAgain({ start: failingTwice(), pauseMs: 1, isOver: () => false, onTrouble })).toBe("server");
	expect(said).toEqual(["the port is taken, try 1"]);
	// The next time it is another matter.
	await startAgain({ start: failingTwice(), pauseMs: 1, isOver: () => false, onTrouble });
	expect(said).toHaveLength(2);
});

test("it is given up when it is over", async () => {
	let isOver = false;
	const start = async () => {
		isOver = true;
		throw new Error("no room");
	};
	expect(await startAgain({ start, pauseMs: 1, isOver: () => isOver, onTrouble: () => {} })).toBeUndefined();
});
