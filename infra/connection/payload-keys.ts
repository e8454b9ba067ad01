import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { DnoError } from "../../core/errors.ts";
import type { Environment } from "../download/progress.ts";

export interface PayloadKey {
	/** Stands beside every payload, so that whoever decrypts it knows which key it takes. */
	readonly id: string;
	/** 32 bytes. */
	readonly bytes: Buffer;
}

export const KEY_FILE = "DNO_PAYLOAD_KEY_FILE";
/** What such a file holds, for functions and containers that are given secrets as variables. */
export const KEYS = "DNO_PAYLOAD_KEYS";

/** Whether payloads are encrypted, by keys of either kind. */
export function hasPayloadKeys(env: Environment): boolean {
	return Boolean(env[KEY_FILE] || env[KEYS]);
}

/**
 * The keys of the file that `DNO_PAYLOAD_KEY_FILE` names, or those in `DNO_PAYLOAD_KEYS` itself; none where neither is set. One
 * key a line, or several with commas between them, as base64 or hex, after an id of its own if wanted (`2026-11 kq3…=`); blank
 * lines and lines that begin with # say nothing.
 *
 * @throws DnoError (usage) without the line's content, which may be all of a key but one character
 */
export function readPayloadKeys(env: Environment): PayloadKey[] {
	const { [KEY_FILE]: file, [KEYS]: given } = env;
	if (file && given) {
		// Which one encrypts would be a guess.
		const mend = `Set one of them: ${KEY_FILE} names a file, ${KEYS} holds the keys`;
		throw new DnoError({ what: "Payload keys are given twice", where: `${KEY_FILE}, ${KEYS}`, mend, kind: "usage" });
	}
	if (given) return parsePayloadKeys(given, KEYS);
	if (!file) return [];
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (error) {
		const what = `The file of payload keys cannot be read (${(error as NodeJS.ErrnoException).code})`;
		const mend = `Correct the path, or make the file: openssl rand -base64 32 > ${file}`;
		throw new DnoError({ what, where: KEY_FILE, got: file, mend, kind: "usage" });
	}
	return parsePayloadKeys(text, file);
}

function parsePayloadKeys(text: string, where: string): PayloadKey[] {
	const keys: PayloadKey[] = [];
	// A comment goes to the end of its line, whatever commas it has.
	const entries = text
		.split("\n")
		.flatMap((line, index) =>
			line.trim().startsWith("#") ? [] : line.split(",").map((entry) => ({ index, words: entry.trim().split(/\s+/) })),
		);
	for (const { index, words } of entries) {
		if (words[0] === "") continue;
		const fail = (what: string, mend: string) => {
			throw new DnoError({ what, where: `${where}:${index + 1}`, mend, kind: "usage" });
		};
		const bytes = decodeKey(words.at(-1)!);
		const mend = "Write 32 bytes as base64 or hex: openssl rand -base64 32";
		if (bytes === undefined || words.length > 2) {
			fail("This is no payload key", `${mend}, with an id before it at most`);
			continue;
		}
		const id = words.length === 2 ? words[0]! : fingerprint(bytes);
		if (!/^[\w.-]{1,64}$/.test(id)) fail("This id of a key is none", "Use letters, digits, '.', '_' and '-'");
		if (keys.some((key) => key.id === id)) fail("This key's id was there before", "Give every key an id of its own");
		keys.push({ id, bytes });
	}
	if (keys.length > 0) return keys;
	const mend = "Make one: openssl rand -base64 32";
	throw new DnoError({ what: "There is no payload key here", where, mend, kind: "usage" });
}

function decodeKey(text: string): Buffer | undefined {
	if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
	return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, "base64") : undefined;
}

/** An id that tells nothing about the key. */
function fingerprint(bytes: Buffer): string {
	return createHash("sha256").update("dno payload key").update(bytes).digest("hex").slice(0, 12);
}
