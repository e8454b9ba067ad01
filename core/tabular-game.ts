import { z } from "zod";
import { DnoError } from "./errors.ts";
import type { Preferences } from "./records.ts";

/** A preference over named actions: the exact oracle of a game that is small enough to write down. */
export interface TabularGame {
	readonly actions: readonly string[];
	/** P(a_i ≻ a_j), shape [n][n], P_ij + P_ji = 1; it may be intransitive. */
	readonly preferences: readonly (readonly number[])[];
}

const shape = z.strictObject({
	actions: z.array(z.string().min(1)).min(2),
	preferences: z.array(z.array(z.number().min(0).max(1))),
});

/** How far P_ij + P_ji may be from 1: decimals in a file are rounded. */
const TOLERANCE = 1e-9;

/**
 * A game from the value of its file, `{actions: [name, …], preferences: [[P(a ≻ b), …], …]}`.
 *
 * @param where the file
 * @throws DnoError when a name comes twice, P is not n × n, leaves [0, 1], or P_ij + P_ji is not 1
 */
export function parseTabularGame(value: unknown, where: string): TabularGame {
	const parsed = shape.safeParse(value);
	if (!parsed.success) {
		const { path, message } = parsed.error.issues[0]!;
		const got = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
		throw bad(where, `${at(...path) || "the game"}: ${message}`, got, "Correct it");
	}
	const { actions, preferences } = parsed.data;
	const n = actions.length;
	const twice = actions.find((action, i) => actions.indexOf(action) !== i);
	if (twice !== undefined) throw bad(where, "an action is named twice", twice, "Name each action once");
	const rows = preferences.map((row) => row.length);
	if (rows.length !== n || rows.some((length) => length !== n)) {
		const mend = `Write ${n} rows of ${n} numbers, one for each action`;
		throw bad(where, `preferences are not ${n} × ${n}`, `rows of ${rows.join(", ")}`, mend);
	}
	for (const [i, row] of preferences.entries()) {
		for (const [j, p] of row.slice(0, i + 1).entries()) {
			const mirrored = preferences[j]![i]!;
			if (Math.abs(p + mirrored - 1) <= TOLERANCE) continue;
			const what = `${at("preferences", i, j)} and ${at("preferences", j, i)} do not add up to 1`;
			throw bad(where, what, [p, mirrored], "Let P(a ≻ b) + P(b ≻ a) be 1, so P(a ≻ a) is 0.5");
		}
	}
	return { actions, preferences };
}

/**
 * P of shape [n][n] among n texts, each an action's name, white space around it aside; or the first text that names none.
 */
export function playGame(game: TabularGame, texts: readonly string[]): Preferences | { readonly unknown: string } {
	const places = texts.map((text) => game.actions.indexOf(text.trim()));
	const stranger = places.indexOf(-1);
	if (stranger >= 0) return { unknown: texts[stranger]! };
	return places.map((i) => places.map((j) => game.preferences[i]![j]!));
}

function at(...path: readonly PropertyKey[]): string {
	return path.map((key, i) => (i === 0 ? String(key) : `[${String(key)}]`)).join("");
}

function bad(where: string, what: string, got: unknown, mend: string): DnoError {
	return new DnoError({ what, where, got, mend });
}
