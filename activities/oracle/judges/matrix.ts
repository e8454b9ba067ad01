import { readFile } from "node:fs/promises";
import { DnoError } from "../../../core/errors.ts";
import { SCHEMA_VERSION } from "../../../core/records.ts";
import { parseTabularGame, playGame } from "../../../core/tabular-game.ts";
import { hashJson } from "../../store/hash-json.ts";
import type { Oracle } from "../oracle.ts";

const NAME = "matrix";

/**
 * An oracle that is a game small enough to write down: P(y ≻ y') from a matrix, whatever the prompt; it may be intransitive.
 * A response that names no action of it makes the prompt's verdict `invalid`.
 *
 * @param path absolute path of a JSON file `{actions: [name, …], preferences: [[P(a ≻ b), …], …]}`
 * @throws DnoError when the file cannot be read, is not JSON or is no game
 */
export async function loadMatrix(path: string): Promise<Oracle> {
	const where = path;
	const text = await readFile(path, "utf8").catch((cause) => {
		throw new DnoError({ what: "the game cannot be read", where, mend: "Check oracle.game", cause });
	});
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		const mend = "Write {actions: [name, …], preferences: [[P(a ≻ b), …], …]} in JSON";
		throw new DnoError({ what: `the game is not JSON: ${(cause as Error).message}`, where, mend, cause });
	}
	const game = parseTabularGame(value, where);
	const fingerprint = hashJson(game);
	return {
		name: NAME,
		fingerprint,
		async judge({ promptId, prompt, responses }) {
			const texts = responses.map((response) => response.text);
			const base = {
				schemaVersion: SCHEMA_VERSION as typeof SCHEMA_VERSION,
				key: hashJson({ judge: NAME, fingerprint, prompt, texts }),
				promptId,
				judge: NAME,
				order: texts.map((_, i) => i),
			};
			const played = playGame(game, texts);
			if ("unknown" in played) {
				return { ...base, kind: "invalid", reason: `${JSON.stringify(played.unknown)} is no action of the game` };
			}
			return { ...base, kind: "preferences", preferences: played.map((row) => [...row]), reasons: texts.map(() => "") };
		},
	};
}
